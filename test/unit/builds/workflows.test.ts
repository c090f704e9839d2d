import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../config/times.ts';
import type { BuildPlan, WorkflowPlan } from '../../../src/core/plan.ts';
import { readWaiting } from '../../../src/dispatch/read-queue.ts';
import { readBuildPlan } from '../../../src/store/read/build-plan.ts';
import { deployOf, makeRecord, planOf, runWorkflow, stepOf, workflowPlan } from '../../support/record.ts';
import type { TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let project: string;
let ada: TestWorker;

beforeEach(async () => {
  record = await makeRecord();
  project = await record.project();
  ada = await record.worker('ada', { capacity: 9 });
});
afterEach(() => record.close());

const plan = (...workflows: WorkflowPlan[]): BuildPlan => ({ workflows });

/** A build with its workflows' ids by their names. */
async function build(buildPlan: BuildPlan) {
  const { buildId } = await record.build(project, { plan: buildPlan });
  const rows = await record.store.db
    .selectFrom('workflow')
    .select(['id', 'name'])
    .where('build_id', '=', buildId)
    .orderBy('position')
    .execute();
  const ids = rows.map(({ id }) => id);
  return { buildId, ids, id: (name: string) => rows.find((row) => row.name === name)?.id ?? '' };
}

async function statusesOf(buildId: string): Promise<readonly string[]> {
  const rows = await record.store.db
    .selectFrom('workflow')
    .select(['name', 'status', 'reason'])
    .where('build_id', '=', buildId)
    .orderBy('position')
    .execute();
  return rows.map(({ name, status, reason }) => `${name} ${status}${reason === null ? '' : `: ${reason}`}`);
}

const waiting = async (): Promise<readonly string[]> => (await readWaiting(record.store)).map(({ id }) => id);

describe('a build of several workflows', () => {
  it('runs from the first claim to the last end, and ends as the worst of them', async () => {
    const { buildId, ids } = await build(plan(workflowPlan('a'), workflowPlan('b')));
    expect(await waiting()).toEqual(ids);
    const [first, second] = [await ada.claimWorkflow(ids[0] ?? ''), await ada.claimWorkflow(ids[1] ?? '')];
    expect(await record.statusOf('build', buildId)).toBe('running');
    await runWorkflow(first, 'failure');
    expect(await record.statusOf('build', buildId)).toBe('running');
    await runWorkflow(second);
    expect(await record.statusOf('build', buildId)).toBe('failure');
  });

  it('gives each worker the plan of its own workflow, and makes the same build again', async () => {
    const own = plan(
      workflowPlan('a', { plan: planOf({ steps: [stepOf('one')] }) }),
      workflowPlan('b', { plan: planOf({ steps: [stepOf('two')] }), matrix: { A: '1' }, dependsOn: ['a'] }),
    );
    const { buildId, ids } = await build(own);
    const { work } = await ada.claimWorkflow(ids[0] ?? '');
    expect(work.plan.steps.map(({ name }) => name)).toEqual(['one']);
    expect(work.steps.map(({ name }) => name)).toContain('one');
    expect(await readBuildPlan(record.store.db, buildId)).toEqual(own);
    const again = await record.builds.rerunBuild(buildId);
    expect(await readBuildPlan(record.store.db, again.buildId)).toEqual(own);
  });

  it('places a workflow once those that it waits for are green', async () => {
    const { buildId, id } = await build(
      plan(workflowPlan('a'), workflowPlan('b', { dependsOn: ['a'] }), workflowPlan('c')),
    );
    expect(await waiting()).toEqual([id('a'), id('c')]);
    await runWorkflow(await ada.claimWorkflow(id('a')));
    expect(await waiting()).toEqual([id('b'), id('c')]);
    await runWorkflow(await ada.claimWorkflow(id('c')));
    await runWorkflow(await ada.claimWorkflow(id('b')));
    expect(await record.statusOf('build', buildId)).toBe('success');
  });

  it('skips with its steps what waits for one that failed, unless that runs after failures', async () => {
    const { buildId, id } = await build(
      plan(
        workflowPlan('a'),
        workflowPlan('b', { dependsOn: ['a'] }),
        workflowPlan('mend', { dependsOn: ['a'], runsOn: ['failure'] }),
      ),
    );
    await runWorkflow(await ada.claimWorkflow(id('a')), 'failure');
    expect(await statusesOf(buildId)).toEqual([
      expect.stringMatching(/^a failure/),
      'b skipped: workflow a ended with failure',
      'mend pending',
    ]);
    const steps = await record.store.db
      .selectFrom('step')
      .select('status')
      .where('workflow_id', '=', id('b'))
      .execute();
    expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['skipped']));
    expect(await waiting()).toEqual([id('mend')]);
    await runWorkflow(await ada.claimWorkflow(id('mend')));
    expect(await record.statusOf('build', buildId)).toBe('failure');
  });

  it('that is cancelled ends what waits at once, and the rest when its workers have undone it', async () => {
    const { buildId, id } = await build(
      plan(workflowPlan('a'), workflowPlan('b'), workflowPlan('c', { dependsOn: ['a'] })),
    );
    const a = await ada.claimWorkflow(id('a'));
    await record.builds.place(id('b'), ada.known.id);
    await record.builds.cancelBuild(buildId, 'no longer needed');
    expect(await statusesOf(buildId)).toEqual([
      'a running',
      'b cancelled: no longer needed',
      'c cancelled: no longer needed',
    ]);
    expect((await record.builds.signals(a.open, -1, 0)).signals.cancel).toEqual({
      reason: 'no longer needed',
    });
    expect(await record.statusOf('build', buildId)).toBe('running');
    await a.report({ type: 'workflow.finished', status: 'cancelled', reason: 'no longer needed' });
    expect(await record.statusOf('build', buildId)).toBe('cancelled');
  });

  it('of which a step fails that cancels ends what runs and waits beside it, but not what is for a failure', async () => {
    const stops = planOf({ steps: [{ ...stepOf('unit'), failure: 'cancel' }] });
    const { buildId, id } = await build(
      plan(
        workflowPlan('a', { plan: stops }),
        workflowPlan('b'),
        workflowPlan('c'),
        workflowPlan('d', { dependsOn: ['b'] }),
        workflowPlan('told', { dependsOn: ['a', 'b'], runsOn: ['failure'] }),
      ),
    );
    const [a, b] = [await ada.claimWorkflow(id('a')), await ada.claimWorkflow(id('b'))];
    const unit = a.work.steps.find(({ name }) => name === 'unit')?.attemptId ?? '';
    const end = { type: 'step.finished', attemptId: unit, exitCode: 1, logBytes: 0 } as const;
    await a.report({ ...end, status: 'failure', reason: 'exit code 1' });
    const why = 'step unit of workflow a failed';
    expect(await statusesOf(buildId)).toEqual([
      'a running',
      'b running',
      `c cancelled: ${why}`,
      `d cancelled: ${why}`,
      'told pending',
    ]);
    expect((await record.builds.signals(b.open, -1, 0)).signals.cancel).toEqual({ reason: why });
    expect((await record.builds.signals(a.open, -1, 0)).signals.cancel).toBeNull();
    await b.report({ type: 'workflow.finished', status: 'cancelled', reason: why });
    await a.report({ type: 'workflow.finished', status: 'failure', reason: 'step unit: exit code 1' });
    await runWorkflow(await ada.claimWorkflow(id('told')));
    expect(await record.statusOf('build', buildId)).toBe('failure');
  });

  it('is left as it is by a step that cancels and succeeds, is tried again, or is itself cancelled', async () => {
    const retry = { count: 1, delayMs: 0, exitCodes: null };
    const stops = planOf({ steps: [{ ...stepOf('unit'), failure: 'cancel', retry }] });
    const { buildId, id } = await build(plan(workflowPlan('a', { plan: stops }), workflowPlan('b')));
    const a = await ada.claimWorkflow(id('a'));
    const unit = a.work.steps.find(({ name }) => name === 'unit');
    const end = { type: 'step.finished', exitCode: 1, logBytes: 0 } as const;
    await a.report({
      ...end,
      attemptId: unit?.attemptId ?? '',
      status: 'failure',
      reason: null,
      again: true,
    });
    expect(await statusesOf(buildId)).toEqual(['a running', 'b pending']);
    const second = unit?.retries?.[0]?.attemptId ?? '';
    await a.report({ ...end, attemptId: second, status: 'cancelled', reason: 'by ann' });
    expect(await statusesOf(buildId)).toEqual(['a running', 'b pending']);
  });

  it('ends a workflow that was told to end also where its worker is lost', async () => {
    const stops = planOf({ steps: [{ ...stepOf('unit'), failure: 'cancel' }] });
    const { buildId, id } = await build(plan(workflowPlan('a', { plan: stops }), workflowPlan('b')));
    const a = await ada.claimWorkflow(id('a'));
    const bob = await record.worker('bob');
    await bob.claimWorkflow(id('b'));
    const unit = a.work.steps.find(({ name }) => name === 'unit')?.attemptId ?? '';
    const end = { type: 'step.finished', attemptId: unit, exitCode: 1, logBytes: 0 } as const;
    await a.report({ ...end, status: 'failure', reason: 'exit code 1' });
    await bob.restart();
    expect(await statusesOf(buildId)).toEqual(['a running', 'b cancelled: step unit of workflow a failed']);
  });

  it('that waits is cancelled whole, whatever waits for what', async () => {
    const { buildId } = await build(plan(workflowPlan('a'), workflowPlan('b', { dependsOn: ['a'] })));
    await record.builds.cancelBuild(buildId, 'no longer needed');
    expect(await statusesOf(buildId)).toEqual([
      'a cancelled: no longer needed',
      'b cancelled: no longer needed',
    ]);
    expect(await record.statusOf('build', buildId)).toBe('cancelled');
  });

  it('attempts a workflow again whose worker was lost, beside the others', async () => {
    const { buildId, id } = await build(plan(workflowPlan('a'), workflowPlan('b')));
    const a = await ada.claimWorkflow(id('a'));
    const b = await ada.claimWorkflow(id('b'));
    await record.builds.giveUp(b.open);
    expect(await statusesOf(buildId)).toEqual(['a running', 'b pending']);
    expect(await record.statusOf('build', buildId)).toBe('running');
    expect(await waiting()).toEqual([id('b')]);
    await runWorkflow(a);
    await runWorkflow(await ada.claimWorkflow(id('b'), 2));
    expect(await record.statusOf('build', buildId)).toBe('success');
    expect(LIMITS.workflowAttempts).toBeGreaterThan(1);
  });

  it('deploys the image of the workflow that says so, once all workflows are green', async () => {
    const { buildId, id } = await build(
      plan(
        workflowPlan('api', { plan: planOf({ deploys: [deployOf('api')] }) }),
        workflowPlan('web', { plan: planOf({ deploys: [deployOf('web')] }) }),
      ),
    );
    const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
    const finish = async (name: string, letter: string) => {
      const lease = await ada.claimWorkflow(id(name));
      await runWorkflow(lease, 'success', { digest: digest(letter) });
    };
    const rows = () =>
      record.store.db
        .selectFrom('deployment')
        .innerJoin('environment', 'environment.id', 'deployment.environment_id')
        .leftJoin('release', 'release.id', 'deployment.release_id')
        .select(['environment.name', 'deployment.placed_at', 'release.digest'])
        .where('deployment.build_id', '=', buildId)
        .orderBy('environment.name')
        .execute();
    await finish('api', 'a');
    expect((await rows()).map((row) => [row.name, row.digest])).toEqual([
      ['api', digest('a')],
      ['web', null],
    ]);
    await finish('web', 'b');
    expect((await rows()).map((row) => [row.name, row.digest, row.placed_at !== null])).toEqual([
      ['api', digest('a'), true],
      ['web', digest('b'), true],
    ]);
  });

  it('deploys nothing of a green workflow when another one is red', async () => {
    const { buildId, id } = await build(
      plan(workflowPlan('api', { plan: planOf({ deploys: [deployOf('api')] }) }), workflowPlan('test')),
    );
    await runWorkflow(await ada.claimWorkflow(id('api')));
    expect(await record.statusOf('deployment', await record.deploymentOf(buildId))).toBe('pending');
    await runWorkflow(await ada.claimWorkflow(id('test')), 'failure');
    expect(await record.statusOf('deployment', await record.deploymentOf(buildId))).toBe('skipped');
  });
});
