import { afterEach, beforeEach, expect, it } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import type { JobData } from '../../../src/core/work.ts';
import { createDispatcher } from '../../../src/dispatch/create-dispatcher.ts';
import type { Dispatcher } from '../../../src/dispatch/create-dispatcher.ts';
import { readBuild } from '../../../src/store/read/builds.ts';
import {
  deployOf,
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  prepare,
  pushOf,
  runWorkflow,
  switchOver,
} from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let dispatcher: Dispatcher;
let jobs: string[] = [];
let away = false;
let paused: string | null = null;
const errors: unknown[] = [];

beforeEach(async () => {
  record = await makeRecord();
  jobs = [];
  away = false;
  paused = null;
  errors.length = 0;
  dispatcher = createDispatcher({
    store: record.store,
    builds: record.builds,
    clock: record.clock,
    whyPaused: () => paused,
    onError: (error) => errors.push(error),
    queue: {
      async add(queue: string, { id, attempt }: JobData) {
        if (away) throw new Error('Redis is away');
        jobs.push(`${queue} ${id} ${attempt}`);
      },
      async remove(queue: string, { id }: JobData) {
        jobs = jobs.filter((job) => !job.startsWith(`${queue} ${id}`));
      },
      close: async () => undefined,
    },
  });
  dispatcher.start();
});
afterEach(async () => {
  await dispatcher.stop();
  await record.close();
});

async function settled(): Promise<void> {
  await dispatcher.idle();
}
const queueOf = (worker: TestWorker) => `worker-${worker.known.id}`;

it('tells a waiting build its place and why it waits, and places it when a worker comes', async () => {
  const project = await record.project();
  const one = await record.build(project);
  const two = await record.build(project);
  await settled();
  expect(dispatcher.waitingOf(one.buildId)).toEqual({ place: 1, why: 'no worker is connected' });
  expect(dispatcher.waitingOf(two.buildId)).toEqual({ place: 2, why: 'no worker is connected' });
  const seen: string[] = [];
  record.store.onChange(({ kind }) => {
    if (kind === 'places') seen.push(dispatcher.waitingOf(two.buildId)?.why ?? '');
  });
  const ada = await record.worker('ada', { capacity: 1 });
  await settled();
  expect(jobs).toEqual([`${queueOf(ada)} ${await record.workflowOf(one.buildId)} 1`]);
  expect(dispatcher.waitingOf(one.buildId)).toBeNull();
  expect(dispatcher.waitingOf(two.buildId)).toEqual({ place: 1, why: 'the only place is taken' });
  expect(seen.at(-1)).toBe('the only place is taken');
});

it('places nothing while it is paused, says why, lets what runs go on, and goes on by itself', async () => {
  const project = await record.project();
  const ada = await record.worker('ada', { capacity: 2 });
  const one = await record.build(project);
  await settled();
  const lease = await ada.claimWorkflow(await record.workflowOf(one.buildId));
  paused = "the server's disk has less than 2.5 GiB free";
  dispatcher.wake();
  const two = await record.build(project);
  await settled();
  expect(jobs).toHaveLength(1);
  expect(dispatcher.waitingOf(two.buildId)).toEqual({ place: 1, why: paused });
  const view = await readBuild(record.store.db, two.buildId, {
    ...{ waitingOf: dispatcher.waitingOf, waitingFor: dispatcher.waitingFor, urlOf: (host) => host },
  });
  expect(view?.waiting?.why).toBe(paused);
  await runWorkflow(lease);
  await settled();
  expect(await record.statusOf('build', one.buildId)).toBe('success');
  expect(jobs).toHaveLength(1);
  paused = null;
  dispatcher.wake();
  await settled();
  expect(jobs[1]).toBe(`${queueOf(ada)} ${await record.workflowOf(two.buildId)} 1`);
  expect(dispatcher.waitingOf(two.buildId)).toBeNull();
});

it('places the next one when a place is free again', async () => {
  const project = await record.project();
  const ada = await record.worker('ada', { capacity: 1 });
  const [one, two] = [await record.build(project), await record.build(project)];
  await settled();
  const lease = await ada.claimWorkflow(await record.workflowOf(one.buildId));
  await settled();
  expect(jobs).toHaveLength(1);
  await runWorkflow(lease);
  await settled();
  expect(jobs[1]).toBe(`${queueOf(ada)} ${await record.workflowOf(two.buildId)} 1`);
});

it('runs no more of a group than its limit, the oldest first, says whom a build waits for, and holds up no others', async () => {
  const project = await record.project();
  const ada = await record.worker('ada', { capacity: 4 });
  const plan = planOf({ concurrency: { limit: 1, group: 'live' } });
  const [one, two, three] = [
    await record.build(project, { plan }),
    await record.build(project, { plan }),
    await record.build(project, { plan }),
  ];
  const other = await record.build(project);
  await settled();
  const jobOf = async ({ buildId }: { buildId: string }) =>
    `${queueOf(ada)} ${await record.workflowOf(buildId)} 1`;
  expect(jobs).toEqual([await jobOf(one), await jobOf(other)]);
  expect(dispatcher.waitingOf(two.buildId)).toEqual({
    place: 1,
    why: 'the group `live` runs at most 1 at a time, and #1 is before it',
  });
  expect(dispatcher.waitingOf(three.buildId)?.why).toBe('#2 is before it in the group `live`');
  const lease = await ada.claimWorkflow(await record.workflowOf(one.buildId));
  await record.builds.reconcile();
  dispatcher.wake();
  await settled();
  expect(jobs).toHaveLength(2);
  await runWorkflow(lease);
  await settled();
  expect(jobs[2]).toBe(await jobOf(two));
  expect(dispatcher.waitingOf(three.buildId)?.why).toContain('#2 is before it');
  await record.builds.cancelBuild(two.buildId, 'not wanted');
  await settled();
  expect(jobs[3]).toBe(await jobOf(three));
});

it('lets no group wait for what only a worker can run that takes nothing now', async () => {
  const plan = planOf({ concurrency: { limit: 1, group: 'live' } });
  const project = await record.project();
  const ada = await record.worker('ada', { features: ['repeat'] });
  const red = await record.build(project, { plan });
  const { report } = await ada.claimWorkflow(await record.workflowOf(red.buildId));
  for (const body of IMAGE_REPORTS) if (body.type === 'image.built') await report(body);
  await report({ type: 'workflow.finished', status: 'failure', reason: null, keepsImage: true });
  await record.builds.drainWorker('ada', true);
  const bob = await record.worker('bob');
  const again = await record.builds.rerunBuild(red.buildId, 'failed');
  const other = await record.build(project, { plan });
  await settled();
  expect(dispatcher.waitingOf(again.buildId)?.why).toBe('the worker ada has its image, and drains');
  expect(jobs.at(-1)).toBe(`${queueOf(bob)} ${await record.workflowOf(other.buildId)} 1`);
  await record.builds.drainWorker('ada', false);
  await settled();
  expect(dispatcher.waitingOf(again.buildId)?.why).toBe(
    `the group \`live\` runs at most 1 at a time, and #${other.number} is before it`,
  );
});

it('lets no group wait for what its only worker leaves unclaimed, and gives that up once its image is gone', async () => {
  const plan = planOf({ concurrency: { limit: 1, group: 'live' } });
  const project = await record.project();
  const ada = await record.worker('ada', { features: ['repeat'] });
  const red = await record.build(project, { plan });
  const { report } = await ada.claimWorkflow(await record.workflowOf(red.buildId));
  for (const body of IMAGE_REPORTS) if (body.type === 'image.built') await report(body);
  await report({ type: 'workflow.finished', status: 'failure', reason: null, keepsImage: true });
  const bob = await record.worker('bob');
  const again = await record.builds.rerunBuild(red.buildId, 'failed');
  await settled();
  const other = await record.build(project, { plan });
  await settled();
  expect(jobs.at(-1)).toBe(`${queueOf(ada)} ${await record.workflowOf(again.buildId)} 1`);
  const later = async (ms: number): Promise<void> => {
    record.clock.now += ms;
    for (const worker of [bob, ada]) await worker.restart();
    dispatcher.wake();
    await settled();
  };
  await later(TIMES.placement + 1_000);
  const ofOther = `${queueOf(bob)} ${await record.workflowOf(other.buildId)} 1`;
  expect(jobs).toContain(ofOther);
  // Only one of them at a time.
  expect(jobs.filter((job) => job.startsWith('worker-'))).toEqual([ofOther]);
  expect(dispatcher.waitingOf(again.buildId)?.why).toBe(
    'the worker ada has its image, and has left something unclaimed lately',
  );
  await runWorkflow(await bob.claimWorkflow(await record.workflowOf(other.buildId)));
  await settled();
  expect(jobs.at(-1)).toBe(`${queueOf(ada)} ${await record.workflowOf(again.buildId)} 1`);
  for (let waited = 0; waited <= TIMES.keptImage; waited += TIMES.keptImage / 4) {
    await later(TIMES.keptImage / 4);
    await later(1_000);
  }
  await record.builds.reconcile();
  expect(await record.statusOf('build', again.buildId)).toBe('error');
});

it('gives a quiet project the next place while a busy one has many waiting', async () => {
  const busy = await record.project('shop/busy');
  const quiet = await record.project('shop/quiet');
  const ada = await record.worker('ada', { capacity: 1 });
  const first = await record.build(busy);
  for (let count = 0; count < 30; count += 1) await record.build(busy);
  await settled();
  const late = await record.build(quiet);
  const lease = await ada.claimWorkflow(await record.workflowOf(first.buildId));
  await settled();
  expect(dispatcher.waitingOf(late.buildId)?.place).toBe(1);
  await runWorkflow(lease);
  await settled();
  expect(jobs.at(-1)).toBe(`${queueOf(ada)} ${await record.workflowOf(late.buildId)} 1`);
});

it('loses nothing while Redis is away, and adds the job again when it is back', async () => {
  away = true;
  const ada = await record.worker('ada');
  const { buildId } = await record.build(await record.project());
  await settled();
  expect(jobs).toEqual([]);
  expect(errors).not.toEqual([]);
  away = false;
  record.clock.now += 3_000;
  dispatcher.wake();
  await settled();
  expect(jobs).toEqual([`${queueOf(ada)} ${await record.workflowOf(buildId)} 1`]);
});

it('takes a placement back that nobody claims, and places it on a worker that is there', async () => {
  const ada = await record.worker('ada');
  const { buildId } = await record.build(await record.project());
  const workflow = await record.workflowOf(buildId);
  await settled();
  expect(jobs).toEqual([`${queueOf(ada)} ${workflow} 1`]);
  record.clock.now += TIMES.placement + 1_000;
  const bob = await record.worker('bob');
  dispatcher.wake();
  await settled();
  expect(jobs).toEqual([`${queueOf(bob)} ${workflow} 1`]);
});

it('gives what a worker left unclaimed to another, although that one is still connected', async () => {
  const ada = await record.worker('ada', { capacity: 2 });
  const { buildId } = await record.build(await record.project());
  const workflow = await record.workflowOf(buildId);
  await settled();
  expect(jobs).toEqual([`${queueOf(ada)} ${workflow} 1`]);
  record.clock.now += TIMES.placement + 1_000;
  const bob = await record.worker('bob', { capacity: 1 });
  await ada.restart();
  dispatcher.wake();
  await settled();
  expect(jobs).toEqual([`${queueOf(bob)} ${workflow} 1`]);
});

it('wakes the workers of a router for a deployment whose turn it is, with its own attempt', async () => {
  const ada = await record.worker('ada');
  const plan = planOf({ deploys: [deployOf('production')] });
  const { buildId } = await record.build(await record.project(), { plan });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  await settled();
  const { id } = await record.store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
  expect(jobs).toContain(`deploy-local ${id} 1`);
  await ada.claimDeployment(id);
  await ada.restart();
  await settled();
  expect(jobs.at(-1)).toBe(`deploy-local ${id} 2`);
});

it('counts a build whose file is not read yet among those that wait', async () => {
  const projectId = await record.project();
  const build = { projectId, deliveryId: null, event: pushOf('main'), outcome: null, blocked: null };
  const { buildId } = await record.builds.createBuild(build);
  await settled();
  expect(dispatcher.waitingOf(buildId)).toEqual({ place: 1, why: 'its pipeline file is being read' });
});

it('says that a deployment waits for a worker with its router, until one is connected', async () => {
  const bob = await record.worker('bob', { routers: [] });
  const plan = planOf({ deploys: [deployOf('production')] });
  const { buildId } = await record.build(await record.project(), { plan });
  const lease = await bob.claimWorkflow(await record.workflowOf(buildId));
  await settled();
  const deployment = async () => {
    const views = { ...dispatcher, urlOf: (host: string) => host };
    return (await readBuild(record.store.db, buildId, views))?.deployments[0];
  };
  expect((await deployment())?.waitingFor).toBeNull();
  await runWorkflow(lease);
  await settled();
  expect(await deployment()).toMatchObject({
    status: 'pending',
    waitingFor: 'a worker with the router local; none is connected',
  });
  const told: string[] = [];
  record.store.onChange(({ kind, id }) => {
    if (kind === 'deployment') told.push(id);
  });
  await record.worker('ada');
  await settled();
  expect((await deployment())?.waitingFor).toBeNull();
  expect(told).toEqual([(await deployment())?.id]);
});

it('gives a worker that drains nothing new, takes back what it has not begun, and says so', async () => {
  const project = await record.project();
  const ada = await record.worker('ada', { capacity: 2 });
  const [one, two] = [await record.build(project), await record.build(project)];
  await settled();
  const lease = await ada.claimWorkflow(await record.workflowOf(one.buildId));
  await record.builds.drainWorker('ada', true);
  await settled();
  expect(dispatcher.waitingOf(two.buildId)).toEqual({ place: 1, why: 'the only worker drains' });
  await runWorkflow(lease);
  expect(await record.statusOf('build', one.buildId)).toBe('success');
  const bob = await record.worker('bob', { capacity: 1 });
  await settled();
  expect(jobs.at(-1)).toBe(`${queueOf(bob)} ${await record.workflowOf(two.buildId)} 1`);
  const three = await record.build(project);
  await settled();
  expect(dispatcher.waitingOf(three.buildId)).toEqual({ place: 1, why: 'the only place is taken' });
  await record.builds.drainWorker(ada.known.id, false);
  await settled();
  expect(jobs.at(-1)).toBe(`${queueOf(ada)} ${await record.workflowOf(three.buildId)} 1`);
});

it('wakes no deployer that drains, and says that the deployment waits for it', async () => {
  const ada = await record.worker('ada');
  const plan = planOf({ deploys: [deployOf('production')] });
  const { buildId } = await record.build(await record.project(), { plan });
  const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
  await record.builds.drainWorker('ada', true);
  await runWorkflow(lease);
  await settled();
  const id = await record.deploymentOf(buildId);
  expect(dispatcher.waitingFor(id)).toBe('a worker with the router local; the one that has it drains');
  expect(jobs.filter((job) => job.startsWith('deploy-'))).toEqual([]);
  await expect(ada.claimDeployment(id)).rejects.toMatchObject({ code: 'claim_refused' });
  await record.builds.drainWorker('ada', false);
  await settled();
  expect(dispatcher.waitingFor(id)).toBeNull();
  expect(jobs.at(-1)).toBe(`deploy-local ${id} 1`);
});

it('wakes the worker of a router that has an environment to remove, at once and until it is gone', async () => {
  const ada = await record.worker('ada');
  const plan = planOf({ deploys: [deployOf('production')] });
  const { buildId } = await record.build(await record.project(), { plan });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  const lease = await ada.claimDeployment(await record.deploymentOf(buildId));
  await prepare(lease);
  await switchOver(lease);
  await settled();
  const wakes = () => jobs.filter((job) => job === 'deploy-local router-local 0').length;
  expect(wakes()).toBe(0);
  const [environment] = await record.store.db.selectFrom('environment').select('id').execute();
  await record.builds.removeEnvironment(environment?.id ?? '', []);
  await settled();
  const began = wakes();
  expect(began).toBe(1);
  dispatcher.wake();
  await settled();
  expect(wakes()).toBe(began);
  record.clock.now += 10_000;
  dispatcher.wake();
  await settled();
  expect(wakes()).toBe(began + 1);
  record.clock.now -= 3_600_000;
  dispatcher.wake();
  await settled();
  expect(wakes()).toBe(began + 2);
  await record.store.transaction((tx) => tx.db.updateTable('outbox').set({ state: 'done' }).execute());
  const gone = { environments: [{ id: environment?.id ?? '', volumes: [] }] };
  expect((await record.builds.routerRemoved(ada.known, 'local', gone)).forgotten).toHaveLength(1);
  jobs = [];
  dispatcher.wake();
  await settled();
  expect(wakes()).toBe(0);
});

it('wakes a deployer that drains for a deployment that had begun to switch', async () => {
  const ada = await record.worker('ada');
  const plan = planOf({ deploys: [deployOf('production')] });
  const { buildId } = await record.build(await record.project(), { plan });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  const id = await record.deploymentOf(buildId);
  const lease = await ada.claimDeployment(id);
  await record.builds.drainWorker('ada', true);
  await prepare(lease);
  await lease.report({ type: 'deployment.phase', phase: 'switching', detail: null });
  await ada.restart();
  await settled();
  expect(dispatcher.waitingFor(id)).toBeNull();
  expect(jobs.at(-1)).toBe(`deploy-local ${id} 2`);
});

it('keeps a build for a worker with its labels, and says which nobody has', async () => {
  const project = await record.project();
  await record.worker('plain');
  const plan = planOf({ labels: { gpu: 'yes' } });
  const { buildId } = await record.build(project, { plan });
  const other = await record.build(project);
  await settled();
  expect(dispatcher.waitingOf(buildId)).toEqual({
    place: 1,
    why: 'no connected worker has the label gpu=yes',
  });
  expect(dispatcher.waitingOf(other.buildId)).toBeNull();
  const ada = await record.worker('ada', { labels: { gpu: 'yes', os: 'linux' } });
  await settled();
  expect(dispatcher.waitingOf(buildId)).toBeNull();
  expect(jobs.at(-1)).toBe(`${queueOf(ada)} ${await record.workflowOf(buildId)} 1`);
});
