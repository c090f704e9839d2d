import { afterEach, beforeEach, expect, it } from 'vitest';
import { workflowsOfBuild } from '../../../src/store/read/workflow-views.ts';
import type { ReportBody, WorkflowWork } from '../../../src/core/work.ts';
import { makeRecord, planOf, stepOf } from '../../support/record.ts';
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

const retry = { count: 2, delayMs: 0, exitCodes: null };

async function claimed(steps = [stepOf('flaky', { retry })]) {
  const { buildId } = await record.build(project, { plan: planOf({ steps }) });
  const workflow = await record.workflowOf(buildId);
  return { buildId, workflow, ...(await ada.claimWorkflow(workflow)) };
}

function attemptsOf(work: WorkflowWork, name = 'flaky'): readonly string[] {
  const row = work.steps.find((step) => step.name === name);
  return row === undefined ? [] : [row, ...(row.retries ?? [])].map(({ attemptId }) => attemptId);
}

const started = (attemptId = ''): ReportBody => ({ type: 'step.started', attemptId });
const failed = (attemptId = '', again?: true): ReportBody => ({
  type: 'step.finished',
  attemptId,
  status: 'failure',
  reason: 'exit code 7',
  exitCode: 7,
  logBytes: 0,
  again,
});

/** The step as the page has it. */
async function viewOf(buildId: string, name = 'flaky') {
  const [workflow] = await workflowsOfBuild(record.store.db, buildId);
  const step = workflow?.steps.find((one) => one.name === name);
  return {
    status: step?.status,
    reason: step?.reason,
    attempts: step?.attempts.map(({ attempt, status }) => `${attempt} ${status}`),
  };
}

const rows = async (): Promise<number> =>
  (await record.store.db.selectFrom('step_attempt').select('id').execute()).length;

it('gives a step all the attempts that it may have, and shows those that came to pass', async () => {
  const { work, report, buildId } = await claimed();
  const [a1, a2, a3] = attemptsOf(work);
  expect(new Set([a1, a2, a3]).size).toBe(3);
  expect(attemptsOf(work, 'clone')).toHaveLength(1);
  expect(await viewOf(buildId)).toMatchObject({ status: 'pending', attempts: ['1 pending'] });
  await report(started(a1));
  await report(failed(a1, true));
  expect(await viewOf(buildId)).toEqual({ status: 'running', reason: null, attempts: ['1 failure'] });
  await report(started(a2));
  expect(await viewOf(buildId)).toMatchObject({ status: 'running', attempts: ['1 failure', '2 running'] });
  await report(failed(a2));
  expect(await viewOf(buildId)).toEqual({
    status: 'failure',
    reason: 'exit code 7',
    attempts: ['1 failure', '2 failure'],
  });
});

it('keeps no attempt that nobody needed', async () => {
  const { work, report } = await claimed();
  const before = await rows();
  await report(started(attemptsOf(work)[0]));
  await report({
    ...failed(attemptsOf(work)[0]),
    status: 'success',
    exitCode: 0,
    reason: null,
  } as ReportBody);
  expect(await rows()).toBe(before - 2);
  await report({ type: 'workflow.finished', status: 'success', reason: null });
  expect(await rows()).toBe(before - 2);
});

it('takes the end of the last attempt as that of the step, whatever its worker says of another', async () => {
  const { work, report, buildId } = await claimed();
  for (const id of attemptsOf(work)) {
    await report(started(id));
    await report(failed(id, true));
  }
  expect(await viewOf(buildId)).toMatchObject({
    status: 'failure',
    attempts: ['1 failure', '2 failure', '3 failure'],
  });
});

it('takes the one attempt of a worker that knows of no others as the end of the step', async () => {
  const { work, report, buildId } = await claimed();
  await report(started(attemptsOf(work)[0]));
  await report(failed(attemptsOf(work)[0]));
  await report({ type: 'workflow.finished', status: 'failure', reason: 'step flaky: exit code 7' });
  expect(await viewOf(buildId)).toMatchObject({ status: 'failure', attempts: ['1 failure'] });
});

it('attempts a workflow again whose worker was lost, when every step that had begun may be repeated', async () => {
  const { work, report, buildId, workflow } = await claimed();
  await report(started(attemptsOf(work)[0]));
  await report(failed(attemptsOf(work)[0], true));
  await report(started(attemptsOf(work)[1]));
  await ada.restart();
  expect(await record.statusOf('build', buildId)).toBe('pending');
  const again = await ada.claimWorkflow(workflow, 2);
  expect(attemptsOf(again.work)).toHaveLength(3);
  expect(await viewOf(buildId)).toMatchObject({
    status: 'pending',
    attempts: ['1 failure', '2 error', '3 pending'],
  });
});

it('does not repeat a workflow for one step when another that had begun may not be', async () => {
  const { work, report, buildId } = await claimed([stepOf('publish'), stepOf('flaky', { retry })]);
  await report(started(attemptsOf(work, 'publish')[0]));
  await report(started(attemptsOf(work)[0]));
  await ada.restart();
  expect(await record.statusOf('build', buildId)).toBe('error');
});

it('gives as many attempts as a plan may have', async () => {
  const steps = Array.from({ length: 700 }, (_, index) =>
    stepOf(`s${index}`, { retry: { count: 10, delayMs: 0, exitCodes: null }, dependsOn: [] }),
  );
  const { work } = await claimed(steps);
  expect(await rows()).toBe(7_700 + work.steps.length - steps.length);
});
