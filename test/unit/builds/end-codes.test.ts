import { afterEach, beforeEach, expect, it } from 'vitest';
import { LIMITS } from '../../../config/times.ts';
import type { PlanOutcome } from '../../../src/builds/index.ts';
import { ENDS } from '../../../src/core/end.ts';
import { readBuild } from '../../../src/store/read/build.ts';
import { reportsRequest } from '../../../src/protocol/report-shapes.ts';
import { deployOf, makeRecord, planOf, pushOf, runWorkflow, workflowPlan } from '../../support/record.ts';
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

const failed = { status: 'failure', reason: 'exit code 3' } as const;

/** A build whose step `unit` has failed, as a worker tells that. */
async function failedBuild(code?: string | null, workflows = 1) {
  const names = ['one', 'two'].slice(0, workflows);
  const plan = workflows === 1 ? planOf() : { workflows: names.map((name) => workflowPlan(name)) };
  const { buildId } = await record.build(project, { plan });
  const rows = await record.store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .execute();
  for (const { id } of rows) {
    const { work, report } = await ada.claimWorkflow(id);
    const { attemptId = '' } = work.steps.find(({ name }) => name === 'unit') ?? {};
    await report({ type: 'step.started', attemptId });
    await report({ type: 'step.finished', attemptId, ...failed, code, exitCode: 3, logBytes: 0 });
    await report({ type: 'workflow.finished', ...failed, reason: 'step unit: exit code 3', code });
  }
  return viewOf(buildId);
}

/** The build as the API tells it. */
async function viewOf(buildId: string) {
  const context = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
  const build = await readBuild(record.store.db, buildId, context);
  const workflow = build?.workflows[0];
  const unit = workflow?.steps.find(({ name }) => name === 'unit');
  return { build, workflow, unit, attempt: unit?.attempts.at(-1) };
}

it('the code of an end is kept of the attempt, the step, the workflow and the build, and told with its fix', async () => {
  const told = { code: 'exit_code', fix: ENDS.exit_code.fix };
  const { build, workflow, unit, attempt } = await failedBuild('exit_code');
  for (const end of [build, workflow, unit, attempt]) expect(end).toMatchObject(told);
  expect((await failedBuild('exit_code', 2)).build).toMatchObject({
    reason: expect.stringContaining('(and 1 more)') as string,
    ...told,
  });
});

it.each([undefined, null])('a worker of before, which tells no code (%j), is understood', async (code) => {
  const { build, workflow, unit, attempt } = await failedBuild(code);
  for (const end of [build, workflow, unit, attempt])
    expect(end).toMatchObject({ status: 'failure', code: null, fix: null });
});

it('a code of a newer worker is kept, and has no fix here', async () => {
  const { build, unit } = await failedBuild('eaten_by_a_grue');
  for (const end of [build, unit]) expect(end).toMatchObject({ code: 'eaten_by_a_grue', fix: null });
});

it('a code that is no word of ours is cut, not refused: its report would come again for ever', () => {
  const report = { n: 1, atMs: 0, type: 'workflow.finished', ...failed, code: 'x'.repeat(10_000) };
  const { reports } = reportsRequest.parse({ reports: [report] });
  expect(reports[0]).toMatchObject({ code: 'x'.repeat(64) });
});

it('what succeeds, and what is skipped, has none', async () => {
  const { workflow } = await failedBuild('exit_code');
  const clone = workflow?.steps.find(({ kind }) => kind === 'clone');
  expect(clone).toMatchObject({ status: 'skipped', code: null, fix: null });
});

it('an end that was not reported is told as that', async () => {
  const { buildId } = await record.build(project);
  const { work, report } = await ada.claimWorkflow(await record.workflowOf(buildId));
  const { attemptId = '' } = work.steps.find(({ name }) => name === 'unit') ?? {};
  await report({ type: 'step.started', attemptId });
  await report({ type: 'workflow.finished', ...failed, code: 'exit_code' });
  expect((await viewOf(buildId)).unit).toMatchObject({ status: 'error', code: 'end_not_reported' });
});

it('a lost worker ends a step that it had begun, its workflow and its build as that', async () => {
  const { buildId } = await record.build(project);
  const { work, report } = await ada.claimWorkflow(await record.workflowOf(buildId));
  const { attemptId = '' } = work.steps.find(({ name }) => name === 'unit') ?? {};
  await report({ type: 'step.started', attemptId });
  await ada.restart();
  const { build, workflow, unit, attempt } = await viewOf(buildId);
  const end = { status: 'error', code: 'worker_lost', fix: ENDS.worker_lost.fix };
  for (const lost of [build, workflow, unit, attempt]) expect(lost).toMatchObject(end);
  expect(unit?.reason).toBe('worker lost');
  expect(build?.reason).toBe('worker lost (its worker started again)');
});

it('a deployment has the code of its deployer', async () => {
  const { buildId } = await record.build(project, { plan: planOf({ deploys: [deployOf('production')] }) });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  const id = await record.deploymentOf(buildId);
  const deployment = await ada.claimDeployment(id);
  const reason = 'GET /healthz did not pass 2 times in a row within 10 s; last: 404';
  const end = { status: 'failure', reason, code: 'health_check_failed' } as const;
  await deployment.report({ type: 'deployment.finished', ...end, logBytes: 0 });
  expect((await viewOf(buildId)).build?.deployments).toEqual([
    expect.objectContaining({ ...end, fix: ENDS.health_check_failed.fix }),
  ]);
});

it('a deployer that is lost again and again ends its deployment as that', async () => {
  const { buildId } = await record.build(project, { plan: planOf({ deploys: [deployOf('production')] }) });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  const id = await record.deploymentOf(buildId);
  for (let attempt = 1; attempt <= LIMITS.workflowAttempts; attempt += 1) {
    await ada.claimDeployment(id, attempt);
    await ada.restart();
  }
  expect((await viewOf(buildId)).build?.deployments).toMatchObject([
    { status: 'error', code: 'deployer_lost', fix: ENDS.deployer_lost.fix },
  ]);
});

it('a pipeline file with errors ends its build as that, and one with nothing for the event as nothing bad', async () => {
  const make = async (outcome: PlanOutcome) => {
    const { buildId } = await record.builds.createBuild({
      ...{ projectId: project, deliveryId: null, event: pushOf('main'), outcome, blocked: null },
    });
    return (await viewOf(buildId)).build;
  };
  const problem = {
    severity: 'error',
    code: 'key_unknown',
    message: 'no',
    fix: 'so',
    file: 'slipway.yml',
  } as const;
  expect(await make({ kind: 'problems', problems: [{ ...problem, line: 1, column: 1 }] })).toMatchObject({
    status: 'failure',
    reason: 'the pipeline file has 1 error',
    code: 'pipeline_file_wrong',
    fix: ENDS.pipeline_file_wrong.fix,
  });
  const nothing = { status: 'skipped', reason: 'nothing is for this event' } as const;
  expect(await make({ kind: 'ended', ...nothing })).toMatchObject({ ...nothing, code: null, fix: null });
});
