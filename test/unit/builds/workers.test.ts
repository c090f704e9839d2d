import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import { readWorkers } from '../../../src/store/read/workers.ts';
import { deployOf, makeRecord, planOf, prepare, runWorkflow, switchOver } from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
beforeEach(async () => {
  record = await makeRecord();
});
afterEach(() => record.close());

const HASH = 'hash-of-a-token';

/** Makes the token of worker `eve`, for these routers; returns what registers a process with it. */
async function tokenFor(routers: readonly string[]) {
  await record.builds.setWorkerToken('eve', HASH, { routers, labels: {} });
  return async (named: string[]) => {
    const known = await record.builds.findWorker(HASH);
    if (known === null) throw new Error('the token is not known');
    const process = { protocol: 1, name: 'eve', instance: 'process-of-eve', capacity: 1 };
    return record.builds.register(known, { ...process, routers: named });
  };
}

const routersNow = async () => (await record.builds.findWorker(HASH))?.routers;

describe('the routers of a worker', () => {
  it('are those of its token only, and each that is not is named', async () => {
    const register = await tokenFor(['local']);
    await expect(register(['local', 'production'])).rejects.toMatchObject({
      code: 'router_refused',
      details: { worker: 'eve', router: 'production' },
    });
    expect(await routersNow()).toEqual([]);
    await register(['local']);
    expect(await routersNow()).toEqual(['local']);
  });

  it('are none when its token names none', async () => {
    const register = await tokenFor([]);
    await expect(register(['local'])).rejects.toMatchObject({ code: 'router_refused' });
    await register([]);
    expect(await routersNow()).toEqual([]);
  });

  it('are nobody’s who comes with the token of another worker: both are named', async () => {
    await tokenFor(['local']);
    const eve = await record.builds.findWorker(HASH);
    if (eve === null) throw new Error('the token is not known');
    const request = { protocol: 1, name: 'ada', instance: 'a-process', capacity: 1, routers: ['local'] };
    await expect(record.builds.register(eve, request)).rejects.toMatchObject({
      code: 'worker_name_wrong',
      details: { owner: 'eve', name: 'ada' },
    });
    expect(await routersNow()).toEqual([]);
  });

  it('are given up with the token that named them', async () => {
    await (
      await tokenFor(['local'])
    )(['local']);
    const register = await tokenFor(['other']);
    expect(await routersNow()).toEqual([]);
    await expect(register(['local'])).rejects.toMatchObject({ code: 'router_refused' });
  });

  it('alone may be read, and their deployments claimed', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project(), {
      plan: planOf({ deploys: [deployOf('production')] }),
    });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const { id } = await record.store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
    await (
      await tokenFor([])
    )([]);
    const eve = await record.builds.findWorker(HASH);
    if (eve === null) throw new Error('the token is not known');
    const subject = { kind: 'deployment' as const, id, attempt: 1 };
    const claim = record.builds.claim(eve, 'token', { protocol: 1, instance: 'process-of-eve', subject });
    await expect(claim).rejects.toMatchObject({ code: 'claim_refused' });
    await expect(record.builds.routerRecord(eve, 'local')).rejects.toMatchObject({ code: 'not_allowed' });
    expect(await record.statusOf('deployment', id)).toBe('pending');
  });
});

describe('a worker whose disk is low', () => {
  it('is known with why, until it says nothing of it any more', async () => {
    await record.builds.setWorkerToken('eve', HASH, { routers: [], labels: {} });
    const known = await record.builds.findWorker(HASH);
    if (known === null) throw new Error('the token is not known');
    const process = { protocol: 2, name: 'eve', instance: 'process-of-eve', capacity: 1, routers: [] };
    const lowNow = async () => (await readWorkers(record.store.db, new Map()))[0]?.lowDisk;
    for (const lowDisk of ['its disk is full', "its engine's disk is full", undefined]) {
      await record.builds.register(known, { ...process, lowDisk, again: true });
      expect(await lowNow()).toBe(lowDisk ?? null);
    }
  });
});

describe('the labels of a worker', () => {
  const granted = { gpu: 'yes', os: 'linux' };
  const register = async (labels?: Record<string, string>) => {
    const known = await record.builds.findWorker(HASH);
    if (known === null) throw new Error('the token is not known');
    const process = { name: 'eve', instance: 'process-of-eve', capacity: 1, routers: [] };
    return record.builds.register(known, { protocol: 2, ...process, ...(labels && { labels }) });
  };
  const labelsNow = async () => (await readWorkers(record.store.db, new Map()))[0]?.labels;
  beforeEach(() => record.builds.setWorkerToken('eve', HASH, { routers: [], labels: granted }));

  it('are all of its token, unless its process leaves some out', async () => {
    await register();
    expect(await labelsNow()).toEqual(granted);
    await register({ os: 'linux' });
    expect(await labelsNow()).toEqual({ os: 'linux' });
    await register({});
    expect(await labelsNow()).toEqual({});
  });

  it('are never more than its token names, whatever its process says', async () => {
    await register({ gpu: 'yes' });
    for (const [wanted, label] of [
      [{ gpu: 'no' }, 'gpu=no'],
      [{ os: 'linux', trust: 'high' }, 'trust=high'],
    ] as const)
      await expect(register(wanted)).rejects.toMatchObject({
        code: 'label_refused',
        details: { worker: 'eve', label },
      });
    expect(await labelsNow()).toEqual({ gpu: 'yes' });
  });

  it('are given up with the token that named them', async () => {
    await register();
    await record.builds.setWorkerToken('eve', HASH, { routers: [], labels: { os: 'linux' } });
    expect(await labelsNow()).toEqual({});
    await expect(register({ gpu: 'yes' })).rejects.toMatchObject({ code: 'label_refused' });
  });
});

describe('the name of a worker', () => {
  let ada: TestWorker;
  let buildId: string;
  let heartbeat: () => Promise<unknown>;
  beforeEach(async () => {
    ada = await record.worker('ada');
    ({ buildId } = await record.build(await record.project()));
    const { open } = await ada.claimWorkflow(await record.workflowOf(buildId));
    heartbeat = () => record.builds.heartbeat(open);
  });

  const register = async (instance: string, more: { after?: string; again?: boolean } = {}) => {
    const known = await record.builds.findWorker(ada.known.tokenHash);
    if (known === null) throw new Error('the token is not known');
    const request = { protocol: 1, name: 'ada', instance, capacity: 1, routers: [], ...more };
    return record.builds.register(known, request);
  };
  /** Lets time pass as a server that is awake sees it. */
  const pass = async (ms: number, meanwhile: () => Promise<unknown> = async () => undefined) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      record.clock.now += 1_000;
      await meanwhile();
      await register('another-process').catch(() => undefined);
    }
  };

  it('stays with the process that holds it, however long another one tries; its build goes on', async () => {
    await pass(3 * TIMES.lease, heartbeat);
    await pass(3 * TIMES.lease, () => register(ada.instance, { again: true }));
    await expect(register('another-process')).rejects.toMatchObject({
      code: 'worker_running',
      details: { worker: 'ada', seconds: 15 },
    });
    await expect(heartbeat()).resolves.toMatchObject({ ttlMs: TIMES.lease });
    expect(await record.statusOf('build', buildId)).toBe('running');
    expect(record.builds.connectedWorkers().has(ada.known.id)).toBe(true);
  });

  it('goes to another one once it was silent for the time of a lease; when it wakes it is told', async () => {
    await pass(TIMES.lease - 1_000);
    expect(await record.statusOf('build', buildId)).toBe('running');
    await pass(1_000);
    expect(await record.statusOf('build', buildId)).toBe('pending');
    await expect(register(ada.instance, { again: true })).rejects.toMatchObject({
      code: 'worker_superseded',
    });
    await expect(heartbeat()).rejects.toMatchObject({ code: 'lease_lost' });
    const subject = { kind: 'workflow' as const, id: await record.workflowOf(buildId), attempt: 2 };
    const claim = { protocol: 1, instance: ada.instance, subject };
    await expect(record.builds.claim(ada.known, ada.bearer, claim)).rejects.toMatchObject({
      code: 'worker_superseded',
    });
    const row = await record.builds.findWorker(ada.known.tokenHash);
    expect(row?.instance).toBe('another-process');
  });

  it('goes at once to one that knows the process before it to be dead, and no other', async () => {
    await expect(register('another-process', { after: 'some-other-one' })).rejects.toMatchObject({
      code: 'worker_running',
    });
    await register('another-process', { after: ada.instance });
    await expect(heartbeat()).rejects.toMatchObject({ code: 'lease_lost' });
    await expect(register('a-third-process', { after: ada.instance })).rejects.toMatchObject({
      code: 'worker_running',
    });
  });

  it('is not taken for free by a server that was away itself', async () => {
    record.clock.now += 10 * TIMES.lease;
    await expect(register('another-process')).rejects.toMatchObject({ code: 'worker_running' });
    await expect(register(ada.instance, { again: true })).resolves.toMatchObject({ workerId: ada.known.id });
    expect(await record.statusOf('build', buildId)).toBe('running');
  });

  it('is free again with a new token', async () => {
    await record.builds.setWorkerToken('ada', ada.known.tokenHash, { routers: [], labels: {} });
    await register('another-process');
    expect(await record.statusOf('build', buildId)).toBe('pending');
  });
});

describe('a worker whose token is revoked', () => {
  it('loses its leases and is let in no more, by a request that was under way either', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project());
    const { open } = await ada.claimWorkflow(await record.workflowOf(buildId));
    expect(await record.builds.revokeWorkerToken('ada')).toEqual({ workerId: ada.known.id });
    expect(await record.builds.findWorker(ada.known.tokenHash)).toBeNull();
    await expect(record.builds.heartbeat(open)).rejects.toMatchObject({ code: 'lease_lost' });
    expect(await record.statusOf('build', buildId)).toBe('pending');
    const process = { protocol: 2, name: 'ada', instance: ada.instance, capacity: 1, routers: [] };
    await expect(record.builds.register(ada.known, process)).rejects.toMatchObject({
      code: 'worker_token_wrong',
    });
    const [view] = await readWorkers(record.store.db, new Map());
    expect(view).toMatchObject({ name: 'ada', hasToken: false, routers: [] });
    await record.worker('ada');
    expect((await readWorkers(record.store.db, new Map()))[0]).toMatchObject({ hasToken: true });
  });
});

describe('a worker that leaves', () => {
  const here = (worker: TestWorker) => record.builds.connectedWorkers().has(worker.known.id);
  const known = async (worker: TestWorker) => {
    const found = await record.builds.findWorker(worker.known.tokenHash);
    if (found === null) throw new Error('the token is not known');
    return found;
  };

  it('is away at once, whatever its process still says, until another process has its name', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project());
    const workflow = await record.workflowOf(buildId);
    const { open } = await ada.claimWorkflow(workflow);
    expect(here(ada)).toBe(true);
    await record.builds.leave(await known(ada));
    expect(here(ada)).toBe(false);
    await record.builds.heartbeat(open);
    const again = { protocol: 1, name: 'ada', instance: ada.instance, capacity: 2, routers: [], again: true };
    await record.builds.register(await known(ada), again);
    expect(here(ada)).toBe(false);
    await ada.restart();
    expect(here(ada)).toBe(true);
  });

  it('gives back what was placed on it and not begun', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project());
    const workflow = await record.workflowOf(buildId);
    await record.builds.place(workflow, ada.known.id);
    await record.builds.leave(await known(ada));
    const row = await record.store.db.selectFrom('workflow').select('worker_id').executeTakeFirstOrThrow();
    expect(row.worker_id).toBeNull();
    const bob = await record.worker('bob');
    await runWorkflow(await bob.claimWorkflow(workflow));
    expect(await record.statusOf('build', buildId)).toBe('success');
  });

  it('keeps its name from others as long as its process may live', async () => {
    const ada = await record.worker('ada');
    await record.builds.leave(await known(ada));
    const other = { protocol: 1, name: 'ada', instance: 'another-process', capacity: 1, routers: [] };
    await expect(record.builds.register(await known(ada), other)).rejects.toMatchObject({
      code: 'worker_running',
    });
    for (let passed = 0; passed < TIMES.lease; passed += 1_000) {
      record.clock.now += 1_000;
      await record.builds.register(await known(ada), other).catch(() => undefined);
    }
    expect((await known(ada)).instance).toBe('another-process');
  });
});

describe('a worker that drains', () => {
  it('gets no lease, also of what it had been given a job for; what it runs goes on', async () => {
    const ada = await record.worker('ada');
    const project = await record.project();
    const [one, two] = [await record.build(project), await record.build(project)];
    const lease = await ada.claimWorkflow(await record.workflowOf(one.buildId));
    const waiting = await record.workflowOf(two.buildId);
    await record.builds.place(waiting, ada.known.id);
    await record.builds.drainWorker('ada', true);
    await expect(ada.claimWorkflow(waiting)).rejects.toMatchObject({
      code: 'claim_refused',
      details: { cause: 'this worker drains' },
    });
    expect(await record.statusOf('workflow', waiting)).toBe('pending');
    await expect(record.builds.heartbeat(lease.open)).resolves.toMatchObject({ ttlMs: TIMES.lease });
    expect((await ada.claimWorkflow(lease.work.workflowId)).open).toEqual(lease.open);
    await runWorkflow(lease);
    expect(await record.statusOf('build', one.buildId)).toBe('success');
  });

  it('gets nothing placed by a dispatcher that had looked before, nor does one without a token', async () => {
    const ada = await record.worker('ada');
    const bob = await record.worker('bob');
    const { buildId } = await record.build(await record.project());
    const workflow = await record.workflowOf(buildId);
    await record.builds.drainWorker('ada', true);
    await record.builds.revokeWorkerToken('bob');
    expect(await record.builds.place(workflow, ada.known.id)).toBe(false);
    expect(await record.builds.place(workflow, bob.known.id)).toBe(false);
    expect(await record.builds.place(workflow, 'wrk_unknown')).toBe(false);
    await record.builds.drainWorker('ada', false);
    expect(await record.builds.place(workflow, ada.known.id)).toBe(true);
  });

  it('goes on draining when its process starts again, until it is to work again', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project());
    const workflow = await record.workflowOf(buildId);
    await record.builds.drainWorker('ada', true);
    await record.builds.drainWorker('ada', true);
    await ada.restart();
    await expect(ada.claimWorkflow(workflow)).rejects.toMatchObject({ code: 'claim_refused' });
    await record.builds.drainWorker(ada.known.id, false);
    await ada.claimWorkflow(workflow);
    expect(await record.statusOf('build', buildId)).toBe('running');
  });

  it('brings to its end a deployment that had begun to switch when its process died, and is not done before', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project(), {
      plan: planOf({ deploys: [deployOf('production')] }),
    });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const id = await record.deploymentOf(buildId);
    const lease = await ada.claimDeployment(id);
    await record.worker('bob', { routers: [] });
    for (const name of ['ada', 'bob']) await record.builds.drainWorker(name, true);
    await prepare(lease);
    await lease.report({ type: 'deployment.phase', phase: 'switching', detail: null });
    await ada.restart();
    const work = async () =>
      (await readWorkers(record.store.db, new Map())).map((one) => one.work.map(({ name }) => name));
    expect(await work()).toEqual([['shop/web:production'], []]);
    const again = await ada.claimDeployment(id, 2);
    expect(await work()).toEqual([['shop/web:production'], []]);
    await switchOver(again);
    expect(await record.statusOf('deployment', id)).toBe('success');
    expect(await work()).toEqual([[], []]);
  });

  it('does not get a deployment again that had not begun to switch', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project(), {
      plan: planOf({ deploys: [deployOf('production')] }),
    });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const id = await record.deploymentOf(buildId);
    await prepare(await ada.claimDeployment(id));
    await record.builds.drainWorker('ada', true);
    await ada.restart();
    await expect(ada.claimDeployment(id, 2)).rejects.toMatchObject({
      details: { cause: 'this worker drains' },
    });
  });

  it('has to be one', async () => {
    await expect(record.builds.drainWorker('nobody', true)).rejects.toMatchObject({ code: 'not_found' });
  });
});
