import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeRecord,
  planOf,
  stepOf,
  type TestLease,
  type TestRecord,
  type TestWorker,
} from '../../support/record.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';

let record: TestRecord;
let ada: TestWorker;
let lease: TestLease<WorkflowWork>;
let buildId: string;

beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { features: ['cancel-step'] });
  const plan = planOf({
    steps: [stepOf('slow'), stepOf('beside'), stepOf('after', { dependsOn: ['slow'] })],
  });
  ({ buildId } = await record.build(await record.project(), { plan }));
  lease = await ada.claimWorkflow(await record.workflowOf(buildId));
});
afterEach(() => record.close());

const find = (name: string) => {
  const step = lease.work.steps.find((row) => row.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return step;
};
const start = (name: string) => lease.report({ type: 'step.started', attemptId: find(name).attemptId });
const signals = async () => (await record.builds.signals(lease.open, -1, 0)).signals;

describe('one step that runs', () => {
  it('is told to end alone, at once, and until it has', async () => {
    await start('slow');
    const told = record.builds.signals(
      lease.open,
      (await record.builds.heartbeat(lease.open)).signals,
      60_000,
    );
    await record.builds.cancelStep(find('slow').stepId, 'cancelled by ann');
    const cancelSteps = [{ stepId: find('slow').stepId, reason: 'cancelled by ann' }];
    expect((await told).signals).toMatchObject({ cancel: null, cancelSteps });
    await record.builds.cancelStep(find('slow').stepId, 'cancelled by bob');
    expect((await signals()).cancelSteps).toEqual(cancelSteps);
    await lease.report({
      type: 'step.finished',
      attemptId: find('slow').attemptId,
      status: 'cancelled',
      reason: 'cancelled by ann',
      exitCode: null,
      logBytes: 0,
    });
    expect(await signals()).not.toHaveProperty('cancelSteps');
    expect(await record.statusOf('build', buildId)).toBe('running');
    await lease.report({
      type: 'workflow.finished',
      status: 'cancelled',
      reason: 'step slow: cancelled by ann',
    });
    expect(await record.statusOf('build', buildId)).toBe('cancelled');
  });
});

describe('one step is not cancelled alone', () => {
  const cancel = (id: string) => record.builds.cancelStep(id, 'cancelled by ann');

  it('that does not run, or is not there, or that nothing goes on without', async () => {
    await expect(cancel('stp_none')).rejects.toMatchObject({ code: 'not_found' });
    await expect(cancel(find('after').stepId)).rejects.toMatchObject({ code: 'step_not_running' });
    await start('image');
    await expect(cancel(find('image').stepId)).rejects.toMatchObject({ code: 'step_not_alone' });
    await start('slow');
    const end = { status: 'success', reason: null, exitCode: 0, logBytes: 0 } as const;
    await lease.report({ type: 'step.finished', attemptId: find('slow').attemptId, ...end });
    await expect(cancel(find('slow').stepId)).rejects.toMatchObject({ code: 'already_ended' });
    expect(await signals()).not.toHaveProperty('cancelSteps');
  });

  it('on a worker of a version that cannot', async () => {
    const old = await record.worker('old');
    const { buildId: other } = await record.build(await record.project('shop/api'));
    lease = await old.claimWorkflow(await record.workflowOf(other));
    await start('unit');
    await expect(cancel(find('unit').stepId)).rejects.toMatchObject({
      code: 'worker_too_old',
      message: 'The worker old runs a version of Slipway that cannot cancel a single step.',
    });
  });
});
