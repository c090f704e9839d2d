import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { Problem } from '../../../src/core/problem.ts';
import type { ReportBody, WorkflowWork } from '../../../src/core/work.ts';
import {
  deployOf,
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  stepOf,
  switchOver,
} from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada');
  project = await record.project();
});
afterEach(() => record.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no problem',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

async function placed() {
  const { buildId } = await record.build(project);
  const workflow = await record.workflowOf(buildId);
  return { buildId, workflow };
}

describe('claim', () => {
  it('starts the build and gives every step an attempt', async () => {
    const { buildId, workflow } = await placed();
    const { work } = await ada.claimWorkflow(workflow);
    expect(await record.statusOf('build', buildId)).toBe('running');
    expect(work.steps.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'clone clone',
      'image image',
      'step unit',
      'push push',
    ]);
    expect(work.variables).toEqual({ CI_PIPELINE_NUMBER: '1' });
    const { delivery_id: deliveryId } = await record.store.db
      .selectFrom('build')
      .where('id', '=', buildId)
      .select('delivery_id')
      .executeTakeFirstOrThrow();
    expect(work.build).toMatchObject({ id: buildId, deliveryId });
  });

  it('tells which caches its steps may use: only the default branch writes what others read', async () => {
    const spaces = async (event: Partial<RepositoryEvent>) => {
      const { buildId } = await record.build(project, { event });
      return (await ada.claimWorkflow(await record.workflowOf(buildId))).work.caches;
    };
    const pull = { kind: 'pull_request', number: 7, sourceBranch: 'x', targetBranch: 'main' } as const;
    const trusted = `${project}.trusted`;
    expect(await spaces({ kind: 'push', branch: 'main' })).toEqual({ own: trusted, others: [] });
    expect(await spaces({ kind: 'push', branch: 'x' })).toEqual({
      own: expect.stringMatching(/\.branch-[0-9a-f]{32}$/) as string,
      others: [trusted],
    });
    expect(await spaces({ ...pull, fromFork: false })).toEqual({
      own: `${project}.pull-7`,
      others: [trusted],
    });
    expect(await spaces({ ...pull, fromFork: true })).toEqual({ own: `${project}.fork-7`, others: [] });
  });

  it('gives the same process the same lease again when its answer was lost', async () => {
    const { workflow } = await placed();
    const first = await ada.claimWorkflow(workflow);
    const second = await ada.claimWorkflow(workflow);
    expect(second.open).toEqual(first.open);
    expect(second.token).toBe(first.token);
    expect(second.work).toEqual(first.work);
  });

  it('refuses what another holds, what is placed elsewhere, another attempt, and another process', async () => {
    const bob = await record.worker('bob');
    const { workflow } = await placed();
    const { workflow: other } = await placed();
    await ada.claimWorkflow(workflow);
    await record.builds.place(other, ada.known.id);
    expect(await codeOf(bob.claimWorkflow(workflow))).toBe('claim_refused');
    expect(await codeOf(bob.claimWorkflow(other))).toBe('claim_refused');
    expect(await codeOf(ada.claimWorkflow(other, 2))).toBe('claim_refused');
    const request = {
      protocol: 1,
      instance: 'an older process',
      subject: { kind: 'workflow' as const, id: other, attempt: 1 },
    };
    expect(await codeOf(record.builds.claim(ada.known, ada.bearer, request))).toBe('worker_superseded');
  });

  it('needs the lease token of this lease, shown by its own worker', async () => {
    const bob = await record.worker('bob');
    const { workflow } = await placed();
    const { open, token } = await ada.claimWorkflow(workflow);
    expect(await codeOf(record.builds.openLease(ada.known, open.id, 'wrong'))).toBe('lease_lost');
    expect(await codeOf(record.builds.openLease(bob.known, open.id, token))).toBe('lease_lost');
  });
});

describe('a lost lease', () => {
  it('is none because an older process, frozen until now, says that it is there', async () => {
    const { workflow } = await placed();
    const { open } = await ada.claimWorkflow(workflow);
    const old = {
      protocol: 1,
      name: 'ada',
      instance: 'an older process',
      capacity: 1,
      routers: [],
      again: true,
    };
    expect(await codeOf(record.builds.register(ada.known, old))).toBe('worker_superseded');
    expect(await codeOf(record.builds.heartbeat(open))).toBe('no problem');
  });

  it('refuses every write of its holder and changes nothing by it', async () => {
    const { buildId, workflow } = await placed();
    const lease = await ada.claimWorkflow(workflow);
    await ada.restart();
    const step = lease.work.steps[0]?.attemptId ?? '';
    const { builds } = record;
    expect(await codeOf(lease.report({ type: 'step.started', attemptId: step }))).toBe('lease_lost');
    expect(await codeOf(lease.report({ type: 'workflow.finished', status: 'success', reason: null }))).toBe(
      'lease_lost',
    );
    expect(await codeOf(builds.heartbeat(lease.open))).toBe('lease_lost');
    expect(await codeOf(builds.logsOf(lease.open))).toBe('lease_lost');
    expect(await codeOf(builds.leaseSecrets(lease.open))).toBe('lease_lost');
    expect(await codeOf(builds.signals(lease.open, 0, 0))).toBe('lease_lost');
    const effect = { key: 'k', effect: { kind: 'webhook' as const, url: 'http://127.0.0.1:1/', body: '' } };
    expect(await codeOf(builds.effect(lease.open, effect))).toBe('lease_lost');
    expect(await record.statusOf('build', buildId)).toBe('pending');
    const asked = record.store.db.selectFrom('outbox').selectAll().where('lease_id', 'is not', null);
    expect(await asked.execute()).toEqual([]);
  });

  it('takes nothing behind the end of the work, not even in one request with it', async () => {
    const { workflow } = await placed();
    const lease = await ada.claimWorkflow(workflow);
    const reports: readonly ReportBody[] = [
      { type: 'workflow.finished', status: 'failure', reason: null },
      ...IMAGE_REPORTS.slice(0, 1),
    ];
    const numbered = reports.map((body, index) => ({ ...body, n: index + 1, atMs: 0 }));
    expect(await record.builds.report(lease.open, numbered)).toEqual({ accepted: 1 });
    expect(await record.store.db.selectFrom('image').selectAll().execute()).toEqual([]);
    expect(await codeOf(record.builds.report(lease.open, numbered.slice(1)))).toBe('lease_lost');
  });

  it('makes a new attempt while no step has begun, with fresh rows and a higher fence', async () => {
    const { buildId, workflow } = await placed();
    const first = await ada.claimWorkflow(workflow);
    const [clone] = first.work.steps;
    await first.report({ type: 'step.started', attemptId: clone?.attemptId ?? '' });
    await ada.restart();
    expect(await record.statusOf('workflow', workflow)).toBe('pending');
    const second = await ada.claimWorkflow(workflow, 2);
    expect(second.open.fence).toBeGreaterThan(first.open.fence);
    expect(second.work.steps.map(({ attemptId }) => attemptId)).not.toContain(clone?.attemptId);
    await runWorkflow(second);
    expect(await record.statusOf('build', buildId)).toBe('success');
  });

  it('ends the build with "worker lost" once a step has begun, and has the open logs sealed', async () => {
    const { buildId, workflow } = await placed();
    const { work, report } = await ada.claimWorkflow(workflow);
    const unit = work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
    await report({ type: 'step.started', attemptId: unit });
    await ada.restart();
    const build = await record.store.db
      .selectFrom('build')
      .select(['status', 'reason'])
      .where('id', '=', buildId)
      .executeTakeFirstOrThrow();
    expect(build).toEqual({ status: 'error', reason: 'worker lost (its worker started again)' });
    const seals = record.store.db.selectFrom('outbox').select('target').where('kind', '=', 'seal-log');
    expect(await seals.execute()).toEqual([{ target: unit }]);
  });

  it('has the log of a step sealed whose end is not reported with that of the whole', async () => {
    const { workflow } = await placed();
    const { work, report } = await ada.claimWorkflow(workflow);
    const unit = work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
    await report({ type: 'step.started', attemptId: unit });
    await report({ type: 'workflow.finished', status: 'error', reason: 'engine connection lost' });
    const seals = record.store.db.selectFrom('outbox').selectAll().where('kind', '=', 'seal-log');
    const [seal, ...others] = await seals.execute();
    expect(others).toEqual([]);
    expect(JSON.parse(seal?.payload_json ?? '{}')).toEqual({
      logId: unit,
      line: 'slipway: its end was not reported',
    });
  });

  it('gives up after three attempts', async () => {
    const { buildId, workflow } = await placed();
    for (const attempt of [1, 2, 3]) {
      await ada.claimWorkflow(workflow, attempt);
      await ada.restart();
    }
    expect(await record.statusOf('build', buildId)).toBe('error');
    const { reason } = await record.store.db
      .selectFrom('build')
      .select('reason')
      .where('id', '=', buildId)
      .executeTakeFirstOrThrow();
    expect(reason).toBe('worker lost (its worker started again), 3 times');
  });

  it('ends cancelled when it had been cancelled', async () => {
    const { buildId, workflow } = await placed();
    const { work, report } = await ada.claimWorkflow(workflow);
    await report({ type: 'step.started', attemptId: work.steps[2]?.attemptId ?? '' });
    await record.builds.cancelBuild(buildId, 'by ada');
    await ada.restart();
    expect(await record.statusOf('build', buildId)).toBe('cancelled');
  });
});

describe('a lease that its holder gives up', () => {
  it('is lost at once: what has not begun goes to another worker, and every later write is refused', async () => {
    const bob = await record.worker('bob');
    const { buildId, workflow } = await placed();
    const { open, report } = await ada.claimWorkflow(workflow);
    await record.builds.giveUp(open);
    expect(await record.statusOf('build', buildId)).toBe('pending');
    expect(await codeOf(record.builds.giveUp(open))).toBe('lease_lost');
    expect(await codeOf(report({ type: 'workflow.finished', status: 'success', reason: null }))).toBe(
      'lease_lost',
    );
    await runWorkflow(await bob.claimWorkflow(workflow, 2));
    expect(await record.statusOf('build', buildId)).toBe('success');
  });

  it('ends a build whose step has begun, and says why', async () => {
    const { buildId, workflow } = await placed();
    const { open, work, report } = await ada.claimWorkflow(workflow);
    const unit = work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
    await report({ type: 'step.started', attemptId: unit });
    await record.builds.giveUp(open);
    const build = await record.store.db
      .selectFrom('build')
      .select(['status', 'reason'])
      .where('id', '=', buildId)
      .executeTakeFirstOrThrow();
    expect(build).toEqual({ status: 'error', reason: 'worker lost (its worker was stopped)' });
  });

  it.each([
    ['before its switch is prepared anew', false, 'pending'],
    ['from its switch on goes forward', true, 'running'],
  ])('of a deployment %s', async (_, switches, status) => {
    const bob = await record.worker('bob');
    const plan = planOf({ deploys: [deployOf('production')] });
    const { buildId } = await record.build(project, { plan });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const id = await record.deploymentOf(buildId);
    const first = await ada.claimDeployment(id);
    await prepare(first);
    if (switches) await first.report({ type: 'deployment.phase', phase: 'switching', detail: null });
    await record.builds.giveUp(first.open);
    expect(await record.statusOf('deployment', id)).toBe(status);
    const again = await bob.claimDeployment(id, 2);
    expect(again.work.phase).toBe(switches ? 'switching' : 'waiting');
    if (!switches) await prepare(again);
    await switchOver(again);
    expect(await record.statusOf('deployment', id)).toBe('success');
  });
});

describe('expiry', () => {
  it('waits one full lease after the start of the server', async () => {
    const { buildId, workflow } = await placed();
    await ada.claimWorkflow(workflow);
    record.clock.now += 10 * TIMES.lease;
    record.builds.start();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await record.statusOf('build', buildId)).toBe('running');
    await record.builds.stop();
  });

  it('ends a lease without heartbeats, and not one with', async () => {
    const silent = await placed();
    const alive = await placed();
    await ada.claimWorkflow(silent.workflow);
    const lease = await ada.claimWorkflow(alive.workflow);
    record.builds.start();
    for (let ticks = 0; ticks < 12; ticks += 1) {
      record.clock.now += 3_000;
      await record.builds.heartbeat(lease.open);
      await new Promise((resolve) => setTimeout(resolve, 1_050));
      if ((await record.statusOf('build', silent.buildId)) === 'pending') break;
    }
    expect(await record.statusOf('build', silent.buildId)).toBe('pending');
    expect(await record.statusOf('build', alive.buildId)).toBe('running');
    expect(record.errors).toEqual([]);
  });
});

describe('reports', () => {
  it('are harmless twice, in any batch, and after the end', async () => {
    const { buildId, workflow } = await placed();
    const { open, work } = await ada.claimWorkflow(workflow);
    const attemptId = work.steps[0]?.attemptId ?? '';
    const started = { n: 1, atMs: 0, type: 'step.started', attemptId } as const;
    const end = { n: 2, atMs: 0, type: 'workflow.finished', status: 'failure', reason: 'no' } as const;
    expect(await record.builds.report(open, [started])).toEqual({ accepted: 1 });
    expect(await record.builds.report(open, [started])).toEqual({ accepted: 1 });
    expect(await record.builds.report(open, [end, started])).toEqual({ accepted: 2 });
    expect(await record.builds.report(open, [started, end])).toEqual({ accepted: 2 });
    const events = await record.store.db
      .selectFrom('event')
      .select('type')
      .where('build_id', '=', buildId)
      .where('type', 'in', ['build.failure', 'step_attempt.running', 'report.ignored'])
      .orderBy('type')
      .execute();
    expect(events.map(({ type }) => type)).toEqual(['build.failure', 'step_attempt.running']);
  });

  it('keep how long a step took, by times that its holder counts on from the claim', async () => {
    const { workflow } = await placed();
    await record.builds.place(workflow, ada.known.id);
    const subject = { kind: 'workflow', id: workflow, attempt: 1 } as const;
    const request = { protocol: 1, instance: ada.instance, subject };
    const { lease, work, nowMs = 0 } = await record.builds.claim(ada.known, ada.bearer, request);
    expect(nowMs).toBe(record.clock.now);
    const open = await record.builds.openLease(ada.known, lease.id, lease.token);
    const attemptId = (work as WorkflowWork).steps[0]?.attemptId ?? '';
    record.clock.now += 60_000;
    const end = { status: 'success', reason: null, exitCode: 0, logBytes: 0 } as const;
    await record.builds.report(open, [
      { n: 1, atMs: nowMs + 10_000, type: 'step.started', attemptId },
      { n: 2, atMs: nowMs + 50_000, type: 'step.finished', attemptId, ...end },
    ]);
    const times = await record.store.db
      .selectFrom('step_attempt')
      .select(['started_at', 'finished_at'])
      .where('id', '=', attemptId)
      .executeTakeFirstOrThrow();
    expect(times).toEqual({ started_at: nowMs + 10_000, finished_at: nowMs + 50_000 });
  });

  it('wait for the one before: a gap is not jumped', async () => {
    const { workflow } = await placed();
    const { open, work } = await ada.claimWorkflow(workflow);
    const attemptId = work.steps[0]?.attemptId ?? '';
    const late = { n: 2, atMs: 0, type: 'step.started', attemptId } as const;
    expect(await record.builds.report(open, [late])).toEqual({ accepted: 0 });
  });

  it("refuse a step's end before the end of its log, and keep what came before it", async () => {
    const { workflow } = await placed();
    const { open, work } = await ada.claimWorkflow(workflow);
    const attemptId = work.steps[0]?.attemptId ?? '';
    const batch = [
      { n: 1, atMs: 0, type: 'step.started', attemptId },
      {
        n: 2,
        atMs: 0,
        type: 'step.finished',
        attemptId,
        status: 'success',
        reason: null,
        exitCode: 0,
        logBytes: 10,
      },
    ] as const;
    expect(await codeOf(record.builds.report(open, batch))).toBe('log_not_ended');
    record.logs.set(attemptId, { bytes: 10, sealed: false });
    expect(await codeOf(record.builds.report(open, batch))).toBe('log_not_ended');
    const running = await record.store.db
      .selectFrom('step_attempt')
      .select('status')
      .where('id', '=', attemptId)
      .executeTakeFirstOrThrow();
    expect(running.status).toBe('running');
    record.logs.set(attemptId, { bytes: 10, sealed: true });
    expect(await record.builds.report(open, batch)).toEqual({ accepted: 2 });
  });

  it('cannot reopen an end or touch the steps of another build', async () => {
    const other = await placed();
    const { work } = await ada.claimWorkflow(other.workflow);
    const foreign = work.steps[0]?.attemptId ?? '';
    const { workflow } = await placed();
    const own = await ada.claimWorkflow(workflow);
    const attemptId = own.work.steps[0]?.attemptId ?? '';
    const end = { type: 'step.finished', reason: null, exitCode: 0, logBytes: 0 } as const;
    await own.report({ ...end, attemptId, status: 'failure' });
    await own.report({ ...end, attemptId, status: 'success' });
    await own.report({ type: 'step.started', attemptId });
    await own.report({ type: 'step.started', attemptId: foreign });
    const rows = await record.store.db
      .selectFrom('step_attempt')
      .select(['id', 'status'])
      .where('id', 'in', [attemptId, foreign])
      .execute();
    expect(new Map(rows.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        [attemptId, 'failure'],
        [foreign, 'pending'],
      ]),
    );
  });

  it('end what was left open when the workflow ends', async () => {
    const { buildId } = await record.build(project, { plan: planOf({ steps: [stepOf('a'), stepOf('b')] }) });
    const { work, report } = await ada.claimWorkflow(await record.workflowOf(buildId));
    await report({ type: 'step.started', attemptId: work.steps[2]?.attemptId ?? '' });
    await report({ type: 'workflow.finished', status: 'error', reason: 'engine lost' });
    const steps = await record.store.db
      .selectFrom('step')
      .select(['name', 'status'])
      .orderBy('position')
      .execute();
    expect(steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'clone skipped',
      'image skipped',
      'a error',
      'b skipped',
      'push skipped',
    ]);
  });
});

describe('effects', () => {
  const hook = { kind: 'webhook' as const, url: 'http://hook.test/', body: '{}' };

  it('are one for a key, whoever asks and however often', async () => {
    const { workflow } = await placed();
    const { open } = await ada.claimWorkflow(workflow);
    await Promise.all([1, 2, 3].map(() => record.builds.effect(open, { key: 'k', effect: hook })));
    const rows = await record.store.db.selectFrom('outbox').select('key').execute();
    expect(rows).toEqual([{ key: `${workflow}:k` }]);
    const other = record.builds.effect(open, { key: 'k', effect: { ...hook, body: 'other' } });
    expect(await codeOf(other)).toBe('conflict');
  });

  it('tag only what the build has pushed', async () => {
    const { workflow } = await placed();
    const { open, report } = await ada.claimWorkflow(workflow);
    const tag = {
      kind: 'tag' as const,
      repository: 'registry.test:5000/shop/web',
      digest: `sha256:${'2'.repeat(64)}`,
      tags: ['main'],
    };
    expect(await codeOf(record.builds.effect(open, { key: 'tags', effect: tag }))).toBe('request_wrong');
    for (const body of IMAGE_REPORTS) await report(body);
    const foreign = { ...tag, repository: 'registry.test:5000/other/app' };
    expect(await codeOf(record.builds.effect(open, { key: 'tags', effect: foreign }))).toBe('request_wrong');
    expect(await record.builds.effect(open, { key: 'tags', effect: tag })).toEqual({ state: 'pending' });
  });
});

describe('secrets and logs of a lease', () => {
  it('are those that its work mentions', async () => {
    const steps = [stepOf('a', { environment: { TOKEN: { fromSecret: 'api_token' }, PLAIN: 'x' } })];
    const { buildId } = await record.build(project, { plan: planOf({ steps }) });
    const { open, work } = await ada.claimWorkflow(await record.workflowOf(buildId));
    expect((await record.builds.leaseSecrets(open)).values).toEqual({ api_token: 'value of api_token' });
    expect(await record.builds.logsOf(open)).toEqual(new Set(work.steps.map(({ attemptId }) => attemptId)));
  });
});
