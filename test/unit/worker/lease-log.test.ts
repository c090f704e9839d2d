import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { DeploymentWork, WorkflowWork } from '../../../src/core/work.ts';
import { leaseFields, openStepLog } from '../../../worker/lease-log.ts';

const WORK = {
  kind: 'workflow',
  workflowId: 'wfl_1',
  attempt: 1,
  build: { id: 'bld_1', number: 7, projectId: 'prj_1', projectPath: 'shop/web', deliveryId: 'dlv_1' },
  steps: [
    { stepId: 'stp_1', attemptId: 'att_1', kind: 'step', name: 'unit', retries: [{ attemptId: 'att_2' }] },
    { stepId: 'stp_2', attemptId: 'att_3', kind: 'push', name: 'push' },
  ],
} as unknown as WorkflowWork;

const finished = { type: 'step.finished', reason: null, logBytes: 0 } as const;

function lines(level: 'info' | 'debug') {
  const said: Record<string, unknown>[] = [];
  const log = pino(
    { level, base: null, timestamp: false },
    { write: (line) => void said.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { said, log };
}

it('names delivery, build and lease, with null where a person began the work or an older server does not tell', () => {
  expect(leaseFields({ id: 'lea_1', work: WORK })).toEqual({
    deliveryId: 'dlv_1',
    buildId: 'bld_1',
    lease: 'lea_1',
    workflow: 'wfl_1',
  });
  const older = { id: 'bld_1', number: 7, projectId: 'prj_1', projectPath: 'shop/web' };
  expect(leaseFields({ id: 'lea_1', work: { ...WORK, build: older } }).deliveryId).toBeNull();
  const deployment = { kind: 'deployment', deploymentId: 'dep_1' } as DeploymentWork;
  expect(leaseFields({ id: 'lea_1', work: deployment })).toEqual({
    deliveryId: null,
    buildId: null,
    lease: 'lea_1',
    deployment: 'dep_1',
  });
  const build = { id: 'bld_1', deliveryId: 'dlv_1' };
  expect(leaseFields({ id: 'lea_1', work: { ...deployment, build } })).toMatchObject({
    deliveryId: 'dlv_1',
    buildId: 'bld_1',
  });
});

it('says once that an attempt of a step begins, and once how it ended and how long it took', () => {
  const { said, log } = lines('info');
  let now = 1_000;
  const steps = openStepLog(log.child({ buildId: 'bld_1' }), WORK, () => now);
  steps.told({ type: 'step.started', attemptId: 'att_1' });
  now = 1_250.4;
  steps.told({ ...finished, attemptId: 'att_1', status: 'failure', exitCode: 3, again: true });
  steps.told({ type: 'step.started', attemptId: 'att_2' });
  steps.told({ type: 'workflow.finished', status: 'success', reason: null });
  const about = { level: 30, buildId: 'bld_1', step: 'unit', kind: 'step' };
  expect(said).toEqual([
    { ...about, attempt: 1, msg: 'the step begins' },
    { ...about, attempt: 1, status: 'failure', exitCode: 3, ms: 250, msg: 'the step ended' },
    { ...about, attempt: 2, msg: 'the step begins' },
  ]);
});

it('keeps what never began out of the log, but for who asks for `debug`', () => {
  const skipped = { ...finished, attemptId: 'att_3', status: 'skipped', exitCode: null } as const;
  const { said, log } = lines('info');
  openStepLog(log, WORK, () => 0).told(skipped);
  expect(said).toEqual([]);
  const all = lines('debug');
  openStepLog(all.log, WORK, () => 0).told(skipped);
  expect(all.said).toMatchObject([
    { level: 20, step: 'push', status: 'skipped', msg: 'the step did not begin' },
  ]);
});
