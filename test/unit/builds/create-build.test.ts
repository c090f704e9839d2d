import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LintProblemView } from '../../../src/core/views/lint-view.ts';
import { newId } from '../../../src/core/id.ts';
import { Problem } from '../../../src/core/problem.ts';
import { alone, makeRecord, planOf, pushOf, runWorkflow, stepOf } from '../../support/record.ts';
import type { TestRecord } from '../../support/record.ts';

let record: TestRecord;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  project = await record.project();
});
afterEach(() => record.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no problem',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

const problem: LintProblemView = {
  severity: 'error',
  code: 'unknown_key',
  message: 'no',
  fix: 'yes',
  file: 'slipway.yml',
  line: 1,
  column: 1,
};

const pullRequest = (number: number) =>
  ({
    ...pushOf('main'),
    kind: 'pull_request',
    number,
    title: '',
    sourceBranch: 'x',
    targetBranch: 'main',
    targetCommit: 'b'.repeat(40),
    before: null,
    changedFiles: null,
    labels: [],
    fromFork: false,
  }) as const;

describe('a build', () => {
  it('is numbered from 1 in its project, without gaps, also when many come at once', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => record.build(project)));
    expect(made.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it('is one for a delivery, however often that comes', async () => {
    const build = {
      projectId: project,
      deliveryId: 'dlv_1',
      event: pushOf('main'),
      outcome: null,
      blocked: null,
    };
    const [one, two] = await Promise.all([
      record.builds.createBuild(build),
      record.builds.createBuild(build),
    ]);
    expect(two).toEqual({ ...one, isNew: false });
    expect(one.isNew).toBe(true);
  });

  it('leaves no trace when its project is not there', async () => {
    const build = {
      projectId: 'prj_none',
      deliveryId: null,
      event: pushOf('main'),
      outcome: null,
      blocked: null,
    };
    expect(await codeOf(record.builds.createBuild(build))).toBe('not_found');
    expect(await record.store.db.selectFrom('build').selectAll().execute()).toEqual([]);
    expect(await record.store.db.selectFrom('event').selectAll().execute()).toEqual([]);
  });

  it('gets its plan once, and then has a workflow with its steps in order', async () => {
    const { buildId } = await record.builds.createBuild({
      projectId: project,
      deliveryId: null,
      event: pushOf('main'),
      outcome: null,
      blocked: null,
    });
    const plan = planOf({ steps: [stepOf('a'), stepOf('b', { selected: false })] });
    const outcome = { kind: 'plan' as const, plan: alone(plan), warnings: [] };
    await Promise.all([record.builds.planBuild(buildId, outcome), record.builds.planBuild(buildId, outcome)]);
    const steps = await record.store.db
      .selectFrom('step')
      .select(['name', 'status'])
      .orderBy('position')
      .execute();
    expect(steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'clone pending',
      'image pending',
      'a pending',
      'b skipped',
      'push pending',
    ]);
  });

  it('ends with failure when its file has problems, and keeps them', async () => {
    const { buildId } = await record.builds.createBuild({
      projectId: project,
      deliveryId: null,
      event: pushOf('main'),
      outcome: { kind: 'problems', problems: [problem, { ...problem, severity: 'warning' }] },
      blocked: null,
    });
    const row = await record.store.db
      .selectFrom('build')
      .select(['status', 'reason', 'finished_at'])
      .where('id', '=', buildId)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({
      status: 'failure',
      reason: 'the pipeline file has 1 error',
      finished_at: record.clock.now,
    });
  });

  it('that is blocked runs nothing and says why', async () => {
    const { buildId } = await record.builds.createBuild({
      projectId: project,
      deliveryId: null,
      event: pushOf('main'),
      outcome: { kind: 'plan', plan: alone(planOf()), warnings: [] },
      blocked: 'it comes from a fork',
    });
    const ada = await record.worker('ada');
    expect(await record.statusOf('build', buildId)).toBe('blocked');
    expect(await codeOf(ada.claimWorkflow(await record.workflowOf(buildId)))).toBe('claim_refused');
  });
});

describe('cancel', () => {
  it('ends a waiting build at once, with all its rows', async () => {
    const { buildId } = await record.build(project);
    await record.builds.cancelBuild(buildId, 'by ada');
    expect(await record.statusOf('build', buildId)).toBe('cancelled');
    expect(await record.statusOf('workflow', await record.workflowOf(buildId))).toBe('cancelled');
    const steps = await record.store.db.selectFrom('step').select('status').distinct().execute();
    expect(steps).toEqual([{ status: 'cancelled' }]);
    expect(await codeOf(record.builds.cancelBuild(buildId, 'again'))).toBe('already_ended');
  });

  it('reaches a running build by its signals, and the build ends when its worker says so', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(project);
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    const { version } = await record.builds.signals(lease.open, 0, 0);
    const asked = Date.now();
    const signals = record.builds.signals(lease.open, version, 10_000);
    await record.builds.cancelBuild(buildId, 'by ada');
    expect((await signals).signals.cancel).toEqual({ reason: 'by ada' });
    expect(Date.now() - asked).toBeLessThan(2_000);
    expect((await record.builds.heartbeat(lease.open)).signals).toBeGreaterThan(version);
    expect(await record.statusOf('build', buildId)).toBe('running');
    await lease.report({ type: 'workflow.finished', status: 'cancelled', reason: 'by ada' });
    expect(await record.statusOf('build', buildId)).toBe('cancelled');
  });

  it('comes by itself to older builds of a pull request, waiting or running, and to no others', async () => {
    const ada = await record.worker('ada');
    const running = await record.build(project, { event: pullRequest(7) });
    const lease = await ada.claimWorkflow(await record.workflowOf(running.buildId));
    const waiting = await record.build(project, { event: pullRequest(7) });
    const other = await record.build(project, { event: pullRequest(8) });
    const push = await record.build(project);
    const newest = await record.build(project, { event: pullRequest(7) });
    const reason = `superseded by #${newest.number}`;
    expect((await record.builds.signals(lease.open, 0, 0)).signals.cancel?.reason).toBe(
      `superseded by #${waiting.number}`,
    );
    const row = await record.store.db
      .selectFrom('build')
      .select(['status', 'reason'])
      .where('id', '=', waiting.buildId)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ status: 'cancelled', reason });
    for (const { buildId } of [other, push, newest])
      expect(await record.statusOf('build', buildId)).toBe('pending');
  });
});

describe('an older build of a pull request whose delivery is replayed', () => {
  it('cancels nothing newer', async () => {
    const event = pullRequest(7);
    const newer = await record.build(project, { event, deliveryId: newId('dlv', 2) });
    const replayed = await record.build(project, { event, deliveryId: newId('dlv', 1) });
    for (const { buildId } of [newer, replayed])
      expect(await record.statusOf('build', buildId)).toBe('pending');
  });
});

describe('a re-run', () => {
  it('is a new build of the same event and plan; the old one stays as it ended', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(project);
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)), 'failure');
    const again = await record.builds.rerunBuild(buildId);
    const rows = await record.store.db
      .selectFrom('build')
      .innerJoin('workflow', 'workflow.build_id', 'build.id')
      .select(['number', 'build.status', 'plan_json', 'event_json', 'branch_order', 'rerun_of'])
      .orderBy('number')
      .execute();
    expect(again.number).toBe(2);
    expect(rows[0]).toMatchObject({ status: 'failure', rerun_of: null });
    expect(rows[1]).toEqual({ ...rows[0], number: 2, status: 'pending', rerun_of: buildId });
  });
});
