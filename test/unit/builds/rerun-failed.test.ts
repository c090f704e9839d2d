import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIMES } from '../../../config/times.ts';
import type { BuildPlan, WorkflowPlan } from '../../../src/core/plan.ts';
import { readWaiting } from '../../../src/dispatch/read-queue.ts';
import { readAttempts } from '../../../src/store/read/attempts.ts';
import { readBuild } from '../../../src/store/read/build.ts';
import { readTests } from '../../../src/store/read/tests.ts';
import { readFailedPart } from '../../../src/store/read/failed-part.ts';
import {
  deployOf,
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  runWorkflow,
  stepOf,
  workflowPlan,
  type TestLease,
  type TestRecord,
  type TestWorker,
} from '../../support/record.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';

let record: TestRecord;
let project: string;
let ada: TestWorker;

beforeEach(async () => {
  record = await makeRecord();
  project = await record.project();
  ada = await record.worker('ada', { capacity: 9, features: ['repeat', 'cancel-step'] });
});
afterEach(() => record.close());

const plan = (...workflows: WorkflowPlan[]): BuildPlan => ({ workflows });
const graph = planOf({
  steps: [
    stepOf('lint'),
    stepOf('install'),
    stepOf('unit', { dependsOn: ['install'] }),
    stepOf('e2e', { dependsOn: ['unit'] }),
  ],
});

async function workflowsOf(buildId: string) {
  return record.store.db
    .selectFrom('workflow')
    .select(['id', 'name', 'status', 'carried_from'])
    .where('build_id', '=', buildId)
    .orderBy('position')
    .execute();
}

const idOf = async (buildId: string, name: string): Promise<string> =>
  (await workflowsOf(buildId)).find((row) => row.name === name)?.id ?? '';

const viewOf = async (buildId: string) => {
  const context = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
  const view = await readBuild(record.store.db, buildId, context);
  if (view === null) throw new Error(`no build ${buildId}`);
  return view;
};

/** Ends a workflow's steps: those named `red` fail, those after them never begin. */
async function runUntil(
  { work, report }: TestLease<WorkflowWork>,
  red: readonly string[],
  more: { keepsImage?: true } = { keepsImage: true },
): Promise<void> {
  for (const step of work.steps) {
    await report({ type: 'step.started', attemptId: step.attemptId });
    if (step.kind === 'image') for (const body of IMAGE_REPORTS) await report(body);
    const status = red.includes(step.name) ? 'failure' : 'success';
    const end = { reason: null, exitCode: status === 'success' ? 0 : 1, logBytes: 0 };
    await report({ type: 'step.finished', attemptId: step.attemptId, status, ...end });
    if (status === 'failure') break;
  }
  await report({
    type: 'workflow.finished',
    status: red.length > 0 ? 'failure' : 'success',
    reason: null,
    ...more,
  });
}

/** A build of `graph` alone whose step `unit` failed. */
async function failedBuild(more?: { keepsImage?: true }): Promise<string> {
  const { buildId } = await record.build(project, { plan: graph });
  await runUntil(await ada.claimWorkflow(await record.workflowOf(buildId)), ['unit'], more);
  expect(await record.statusOf('build', buildId)).toBe('failure');
  return buildId;
}

describe('what failed of a build, run again', () => {
  it('is a build of its own, in the image of before, without the steps that nothing of it needs', async () => {
    const before = await failedBuild();
    const { buildId, number } = await record.builds.rerunBuild(before, 'failed');
    expect(number).toBe(2);
    const again = await ada.claimWorkflow(await record.workflowOf(buildId));
    expect(again.work.steps.map(({ name }) => name)).toEqual([
      'clone',
      'image',
      'install',
      'unit',
      'e2e',
      'push',
    ]);
    const [built] = IMAGE_REPORTS;
    expect(again.work.repeat).toEqual({
      of: 1,
      keptSteps: ['lint'],
      image: built?.type === 'image.built' ? built.image : null,
    });
    await runUntil(again, []);
    expect(await record.statusOf('build', buildId)).toBe('success');
    expect(await record.statusOf('build', before)).toBe('failure');
    const view = await viewOf(buildId);
    expect(view.rerunFrom).toEqual({ id: before, number: 1 });
    const lint = view.workflows[0]?.steps.find(({ name }) => name === 'lint');
    expect(lint).toMatchObject({ status: 'success', carriedFrom: { id: before, number: 1 } });
    expect(lint?.attempts).toHaveLength(1);
  });

  it('has the test reports of what it took over, and misses none of them', async () => {
    const told = { reports: { junit: ['*.xml'] } };
    const steps = [stepOf('lint', told), stepOf('unit', { dependsOn: [], ...told })];
    const whole = workflowPlan('other', { plan: planOf({ steps: [stepOf('docs', told)] }) });
    const test = workflowPlan('test', { plan: planOf({ steps }) });
    const { buildId: before } = await record.build(project, { plan: plan(whole, test) });
    const tell = async ({ open, work }: TestLease<WorkflowWork>, names: readonly string[]) => {
      for (const { name, attemptId } of work.steps)
        if (names.includes(name)) {
          const counts = { passed: 1, failed: 0, error: 0, skipped: 0 };
          const summary = { files: 1, counts, note: null };
          const of = { suite: name, name: 'a', file: null, line: null, durationMs: 1, message: null };
          const results = [{ ...of, status: 'passed' as const }];
          await record.builds.keepTests(open, { attemptId, from: 0, results, summary });
        }
    };
    const other = await ada.claimWorkflow(await idOf(before, 'other'));
    await tell(other, ['docs']);
    await runUntil(other, []);
    const first = await ada.claimWorkflow(await idOf(before, 'test'));
    await tell(first, ['lint']);
    await runUntil(first, ['unit']);
    const reportsOf = async (id: string) => {
      const tests = await readTests(record.store.db, { buildId: id, all: true, after: 0, limit: 9 });
      const names = tests?.items.map(({ step }) => step).sort();
      return [tests?.reports.map(({ step }) => step), tests?.missing, names];
    };
    expect(await reportsOf(before)).toEqual([['docs', 'lint'], ['unit'], ['docs', 'lint']]);
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    const again = await ada.claimWorkflow(await idOf(buildId, 'test'));
    await tell(again, ['unit']);
    await runUntil(again, []);
    expect(await reportsOf(buildId)).toEqual([['docs', 'lint', 'unit'], [], ['docs', 'lint', 'unit']]);
  });

  it('is replayed whole, and says of which build it ran the failed part', async () => {
    const lint = workflowPlan('lint', { plan: planOf({ steps: [stepOf('lint')] }) });
    const { buildId: before } = await record.build(project, {
      plan: plan(lint, workflowPlan('test', { plan: graph })),
    });
    await runUntil(await ada.claimWorkflow(await idOf(before, 'lint')), []);
    await runUntil(await ada.claimWorkflow(await idOf(before, 'test')), ['unit']);
    const first = await record.builds.replay(before);
    expect(first).toMatchObject({ number: 1, failedPartOf: null, pullRequest: null });
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    await runUntil(await ada.claimWorkflow(await idOf(buildId, 'test')), []);
    const again = await record.builds.replay(buildId);
    expect(again).toMatchObject({ number: 2, failedPartOf: 1 });
    const plansOf = (view: typeof again) => view.workflows.map((one) => [one.name, one.plan]);
    expect(plansOf(again)).toEqual(plansOf(first));
    expect(again.workflows.map(({ status }) => status)).toEqual(['success', 'success']);
    const { buildId: whole } = await record.builds.rerunBuild(buildId, 'all');
    await record.builds.cancelBuild(whole, 'enough');
    expect(await record.builds.replay(whole)).toMatchObject({ failedPartOf: null });
  });

  it('is told ahead, on the page of the build that failed', async () => {
    expect(await readFailedPart(record.store.db, await failedBuild())).toEqual([
      { workflow: 'default', again: ['install', 'unit', 'e2e'], kept: ['lint'], afterFailure: [] },
    ]);
    const { buildId } = await record.build(project);
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    expect(await readFailedPart(record.store.db, buildId)).toEqual([]);
    expect(await readFailedPart(record.store.db, 'bld_none')).toBeNull();
  });

  it('goes to the worker that keeps the image, and to no other', async () => {
    await record.worker('bob', { features: ['repeat'] });
    await record.builds.rerunBuild(await failedBuild(), 'failed');
    expect(await readWaiting(record.store)).toEqual([
      expect.objectContaining({ features: ['repeat'], only: { id: ada.known.id, name: 'ada' } }),
    ]);
  });

  it('has its attempts beside those of before, with who ran them', async () => {
    const before = await failedBuild();
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    await runUntil(await ada.claimWorkflow(await record.workflowOf(buildId)), []);
    for (const id of [before, buildId]) {
      const attempts = await readAttempts(record.store.db, id);
      const steps = attempts?.workflows[0]?.steps ?? [];
      expect(steps.map(({ name }) => name)).toEqual(['clone', 'image', 'install', 'unit']);
      expect(steps.find(({ name }) => name === 'unit')?.attempts).toEqual([
        expect.objectContaining({ buildNumber: 1, status: 'failure', workerName: 'ada' }),
        expect.objectContaining({ buildNumber: 2, status: 'success', workerName: 'ada' }),
      ]);
    }
  });

  it('tells of a step that began once nothing, and counts attempts as the page of their build does', async () => {
    const before = await failedBuild();
    expect(await readAttempts(record.store.db, before)).toEqual({ workflows: [] });
    expect(await readAttempts(record.store.db, 'bld_none')).toBeNull();
    const { buildId } = await record.builds.rerunBuild(before);
    const id = await record.workflowOf(buildId);
    await ada.claimWorkflow(id);
    await ada.restart();
    await runUntil(await ada.claimWorkflow(id, 2), []);
    const unit = (await viewOf(buildId)).workflows[0]?.steps.find(({ name }) => name === 'unit');
    const tried = await readAttempts(record.store.db, buildId);
    const steps = tried?.workflows[0]?.steps ?? [];
    const ofUnit = steps.find(({ name }) => name === 'unit')?.attempts;
    expect(ofUnit?.map((one) => [one.buildNumber, one.attempt])).toEqual([
      [1, 1],
      [2, unit?.attempts.at(-1)?.attempt],
    ]);
    expect(unit?.attempts).toHaveLength(2);
  });

  it('may fail again, and then runs again from there, still in the same image', async () => {
    const first = await failedBuild();
    const second = await record.builds.rerunBuild(first, 'failed');
    await runUntil(await ada.claimWorkflow(await record.workflowOf(second.buildId)), ['e2e']);
    const third = await record.builds.rerunBuild(second.buildId, 'failed');
    const { work } = await ada.claimWorkflow(await record.workflowOf(third.buildId));
    expect(work.repeat).toMatchObject({ of: 2, keptSteps: ['lint'], image: { imageId: /^sha256:1/ } });
    const lint = (await viewOf(third.buildId)).workflows[0]?.steps.find(({ name }) => name === 'lint');
    expect(lint?.carriedFrom).toEqual({ id: first, number: 1 });
  });

  it('keeps its part when its worker is lost and it is placed again', async () => {
    const { buildId } = await record.builds.rerunBuild(await failedBuild(), 'failed');
    const id = await record.workflowOf(buildId);
    await ada.claimWorkflow(id);
    await ada.restart();
    const { work } = await ada.claimWorkflow(id, 2);
    expect(work.steps.map(({ name }) => name)).not.toContain('lint');
    expect(work.repeat?.keptSteps).toEqual(['lint']);
  });

  it('takes over workflows that were green, with the image that they pushed, for its deployments', async () => {
    const { buildId: before } = await record.build(project, {
      plan: plan(
        workflowPlan('app', { plan: planOf({ deploys: [deployOf('production')] }) }),
        workflowPlan('docs', { plan: { ...graph, image: null, push: null } }),
        workflowPlan('last', { dependsOn: ['docs'] }),
      ),
    });
    await runWorkflow(await ada.claimWorkflow(await idOf(before, 'app')));
    await runUntil(await ada.claimWorkflow(await idOf(before, 'docs')), ['lint'], {});
    expect(await record.statusOf('deployment', await record.deploymentOf(before))).toBe('skipped');

    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    expect(await workflowsOf(buildId)).toEqual([
      expect.objectContaining({ name: 'app', status: 'success', carried_from: await idOf(before, 'app') }),
      expect.objectContaining({ name: 'docs', status: 'pending', carried_from: null }),
      expect.objectContaining({ name: 'last', status: 'pending', carried_from: null }),
    ]);
    await runUntil(await ada.claimWorkflow(await idOf(buildId, 'docs')), [], {});
    expect(await record.statusOf('build', buildId)).toBe('running');
    await runWorkflow(await ada.claimWorkflow(await idOf(buildId, 'last')));
    expect(await record.statusOf('build', buildId)).toBe('success');
    const deployment = await record.deploymentOf(buildId);
    const { work, open } = await ada.claimDeployment(deployment);
    expect(work.release?.digest).toBe(`sha256:${'2'.repeat(64)}`);
    expect((await record.builds.signals(open, -1, 0)).signals.verdict).toBe('switch');
    const view = await viewOf(buildId);
    expect(view.pushed?.digest).toBe(work.release?.digest);
    expect(view.workflows[0]?.carriedFrom).toEqual({ id: before, number: 1 });
    expect(view.workflows[0]?.steps.every(({ attempts }) => attempts.length > 0)).toBe(true);
  });

  it('lets what waits for a workflow that runs again wait for it anew: it deploys nothing that its file skips', async () => {
    const afterFailure = { dependsOn: ['app'], runsOn: ['failure' as const] };
    const { buildId: before } = await record.build(project, {
      plan: plan(
        workflowPlan('app', { plan: graph }),
        workflowPlan('fallback', { ...afterFailure, plan: planOf({ deploys: [deployOf('production')] }) }),
        workflowPlan('teardown', { dependsOn: ['fallback'], runsOn: ['success', 'failure'] }),
      ),
    });
    await runUntil(await ada.claimWorkflow(await idOf(before, 'app')), ['unit']);
    for (const name of ['fallback', 'teardown'])
      await runWorkflow(await ada.claimWorkflow(await idOf(before, name)));
    expect(await readFailedPart(record.store.db, before)).toEqual([
      { workflow: 'app', again: ['install', 'unit', 'e2e'], kept: ['lint'], afterFailure: [] },
      { workflow: 'fallback', again: [], kept: [], afterFailure: ['unit'] },
      { workflow: 'teardown', again: ['unit'], kept: [], afterFailure: [] },
    ]);
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    expect((await workflowsOf(buildId)).map(({ status, carried_from }) => [status, carried_from])).toEqual([
      ['pending', null],
      ['pending', null],
      ['pending', null],
    ]);
    await runUntil(await ada.claimWorkflow(await idOf(buildId, 'app')), []);
    expect(await record.statusOf('workflow', await idOf(buildId, 'fallback'))).toBe('skipped');
    const teardown = await ada.claimWorkflow(await idOf(buildId, 'teardown'));
    expect(teardown.work.repeat).toBeUndefined();
    await runWorkflow(teardown);
    expect(await record.statusOf('deployment', await record.deploymentOf(buildId))).toBe('skipped');
  });

  it('asks nothing of a worker for a workflow of which nothing is taken over', async () => {
    const { buildId: before } = await record.build(project, {
      plan: plan(workflowPlan('app', { plan: graph }), workflowPlan('last', { dependsOn: ['app'] })),
    });
    await runUntil(await ada.claimWorkflow(await idOf(before, 'app')), ['lint']);
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    const rows = await record.store.db
      .selectFrom('workflow')
      .select(['name', 'repeat_json'])
      .where('build_id', '=', buildId)
      .orderBy('position')
      .execute();
    expect(rows.map(({ name, repeat_json }) => [name, repeat_json !== null])).toEqual([
      ['app', true],
      ['last', false],
    ]);
  });

  it('waits again when the only worker of it is lost: what it took over did not begin', async () => {
    const { buildId: before } = await record.build(project, {
      plan: plan(workflowPlan('app'), workflowPlan('docs', { plan: graph })),
    });
    await runWorkflow(await ada.claimWorkflow(await idOf(before, 'app')));
    await runUntil(await ada.claimWorkflow(await idOf(before, 'docs')), ['unit']);
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    await ada.claimWorkflow(await idOf(buildId, 'docs'));
    expect(await record.statusOf('build', buildId)).toBe('running');
    await ada.restart();
    expect(await record.statusOf('workflow', await idOf(buildId, 'docs'))).toBe('pending');
    expect(await record.statusOf('build', buildId)).toBe('pending');
  });

  it('shows what it took over without its log, once that build was removed', async () => {
    const before = await failedBuild();
    const { buildId } = await record.builds.rerunBuild(before, 'failed');
    await record.store.transaction(async (tx) => {
      const { removeBuild } = await import('../../../src/retention/remove-build.ts');
      await removeBuild(tx, before);
    });
    const lint = (await viewOf(buildId)).workflows[0]?.steps.find(({ name }) => name === 'lint');
    expect(lint).toMatchObject({ status: 'success', carriedFrom: null, attempts: [] });
  });
});

describe('a part that waits for the worker that keeps its image', () => {
  const waiting = async () => (await record.builds.rerunBuild(await failedBuild(), 'failed')).buildId;
  const reasonOf = async (buildId: string) => (await viewOf(buildId)).workflows[0]?.reason;

  it('ends once that was kept long enough, and not before', async () => {
    const buildId = await waiting();
    record.clock.now += TIMES.keptImage - 1;
    await record.builds.reconcile();
    expect(await record.statusOf('build', buildId)).toBe('pending');
    record.clock.now += 1;
    await record.builds.reconcile();
    expect(await record.statusOf('build', buildId)).toBe('error');
    expect(await reasonOf(buildId)).toMatch(
      /^its image is not there any more: the worker ada kept it until .*; re-run all of build #1, which/,
    );
  });

  it('ends where a record of before does not say until when, and holds up no other where it cannot be read', async () => {
    const [old, broken, later] = [await waiting(), await waiting(), await waiting()];
    const rewrite = async (buildId: string, repeat: string): Promise<void> => {
      await record.store.transaction((tx) =>
        tx.db.updateTable('workflow').set({ repeat_json: repeat }).where('build_id', '=', buildId).execute(),
      );
    };
    await rewrite(old, JSON.stringify({ of: 1, kept: [], image: { built: {}, workerId: ada.known.id } }));
    await rewrite(broken, '{');
    record.clock.now += TIMES.keptImage;
    await record.builds.reconcile();
    expect(await record.statusOf('build', old)).toBe('error');
    expect(await reasonOf(old)).toMatch(
      /not there any more: nothing says until when it was kept; re-run all/,
    );
    expect(await record.statusOf('build', broken)).toBe('pending');
    expect(await record.statusOf('build', later)).toBe('error');
    await expect(record.builds.rerunBuild(old, 'failed')).rejects.toMatchObject({ code: 'image_not_kept' });
  });

  it('ends once the token of the worker is revoked, not while the worker gets a new one or has it already', async () => {
    const [buildId, placed] = [await waiting(), await waiting()];
    expect(await record.builds.place(await record.workflowOf(placed), ada.known.id)).toBe(true);
    await record.builds.setWorkerToken('ada', 'b'.repeat(64), { routers: [], labels: {} });
    await record.builds.reconcile();
    expect(await record.statusOf('build', buildId)).toBe('pending');
    record.clock.now += TIMES.keptImage;
    await record.builds.reconcile();
    expect(await record.statusOf('build', placed)).toBe('pending');
    record.clock.now -= TIMES.keptImage;
    await record.builds.revokeWorkerToken('ada');
    await record.builds.reconcile();
    expect(await record.statusOf('build', placed)).toBe('error');
    expect(await reasonOf(placed)).toMatch(/the worker ada kept it, and is gone; re-run all/);
  });
});

describe('what failed of a build is not run again', () => {
  const refusal = (buildId: string) => record.builds.rerunBuild(buildId, 'failed');
  const builds = async () => (await record.store.db.selectFrom('build').select('id').execute()).length;

  it('while it has not ended, and where nothing failed', async () => {
    const { buildId } = await record.build(project);
    await expect(refusal(buildId)).rejects.toMatchObject({ code: 'not_ended' });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    await expect(refusal(buildId)).rejects.toMatchObject({ code: 'nothing_failed' });
    expect(await builds()).toBe(1);
  });

  it('without its image: no worker kept it, or not so long, or the worker is gone', async () => {
    const unkept = await failedBuild({});
    await expect(refusal(unkept)).rejects.toMatchObject({
      code: 'image_not_kept',
      message: expect.stringMatching(/workflow default of build #1 .*no worker kept it/) as string,
      fix: expect.stringMatching(/Re-run all/) as string,
    });
    const kept = await failedBuild();
    record.clock.now += TIMES.keptImage;
    await expect(refusal(kept)).rejects.toThrow(/the worker ada kept it until/);
    record.clock.now -= TIMES.keptImage;
    await record.builds.revokeWorkerToken('ada');
    await expect(refusal(kept)).rejects.toThrow(/the worker ada kept it, and is gone/);
    expect(await builds()).toBe(2);
  });

  it('without the image of a run before it, where the last one did not come to its image', async () => {
    const second = await record.builds.rerunBuild(await failedBuild(), 'failed');
    await record.builds.cancelBuild(second.buildId, 'no more');
    record.clock.now += TIMES.keptImage;
    await expect(refusal(second.buildId)).rejects.toThrow(/the worker ada kept it until/);
    record.clock.now -= 1;
    const third = await refusal(second.buildId);
    await record.builds.cancelBuild(third.buildId, 'no more');
    await record.builds.revokeWorkerToken('ada');
    await expect(refusal(third.buildId)).rejects.toMatchObject({
      code: 'image_not_kept',
      message: expect.stringMatching(/build #3 .*the worker ada kept it, and is gone/) as string,
    });
    expect(await builds()).toBe(3);
  });

  it('in need of an image that nothing of it runs in or ships', async () => {
    const steps = [stepOf('own'), stepOf('other', { image: 'node:20' })];
    const { buildId } = await record.build(project, { plan: { ...planOf({ steps }), push: null } });
    await runUntil(await ada.claimWorkflow(await record.workflowOf(buildId)), ['other'], {});
    const again = await refusal(buildId);
    const { work } = await ada.claimWorkflow(await record.workflowOf(again.buildId));
    expect(work.repeat).toEqual({ of: 1, keptSteps: ['own'], image: 'none' });
    expect(work.steps.map(({ name }) => name)).toEqual(['clone', 'other']);
  });
});
