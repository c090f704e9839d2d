import type { Selectable } from 'kysely';
import { LIMITS } from '../../config/times.ts';
import { mayAbort } from '../core/deployment.ts';
import { badEnd, type BadEnd } from '../core/end.ts';
import type { Plan } from '../core/plan.ts';
import type { WorkflowRepeat } from '../core/repeat.ts';
import type { DeploymentTable } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { endSteps, endWorkflow } from './end-workflow.ts';
import { abortSlots } from './environments.ts';
import { closeLease, countLost } from './lease-rows.ts';
import type { LeaseRow } from './lease-rows.ts';
import { insertSteps } from './plan-build.ts';
import { sealLog } from './seal-log.ts';
import type { UndoneStatus } from './order-deployments.ts';
import { settleBuild, settleEnvironment } from './settle-environment.ts';
import { clearStagingOf } from './staging.ts';
import { transition } from './transition.ts';

/** The last line of a log whose worker was lost. */
const LOST_LINE = 'slipway: the worker was lost here';

/** Ends a lease whose holder was lost, and decides what becomes of its work. Logs that were open are sealed. */
export async function loseLease(tx: Tx, lease: LeaseRow, cause: string, at: number): Promise<void> {
  await closeLease(tx, lease, cause, at);
  await clearStagingOf(tx, lease, 'lost', at);
  if (lease.subject_kind === 'workflow') await loseWorkflow(tx, lease, cause, at);
  else await loseDeployment(tx, lease, cause, at);
}

async function loseWorkflow(tx: Tx, lease: LeaseRow, cause: string, at: number): Promise<void> {
  const workflow = await tx.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select([
      'workflow.build_id',
      'workflow.status',
      'workflow.attempt',
      'build.cancel_requested as ofBuild',
      'workflow.cancel_requested as ofWorkflow',
      'workflow.plan_json',
      'workflow.repeat_json',
    ])
    .where('workflow.id', '=', lease.subject_id)
    .executeTakeFirst();
  if (workflow?.status !== 'running') return;
  const { build_id: buildId, attempt } = workflow;
  const begun = await begunAttempts(tx, lease.subject_id, attempt);
  for (const { id } of begun) await sealLog(tx, id, LOST_LINE, at);
  const lost = (details: string): BadEnd => badEnd('worker_lost', { cause: details });
  const end = { workflowId: lease.subject_id, buildId, at };
  const cancelled = workflow.ofBuild ?? workflow.ofWorkflow;
  if (cancelled !== null) {
    const running = { status: 'cancelled', reason: cancelled, code: null } as const;
    return endWorkflow(tx, { ...end, ...running, running });
  }
  const running = lost('');
  const plan = JSON.parse(workflow.plan_json) as Plan;
  // A half-run step or push is not repeated; what only prepares may be, and a step whose `retry` says so.
  const mayRepeat = new Set(plan.steps.flatMap(({ name, retry }) => (retry === undefined ? [] : [name])));
  const isHalfRun = begun.some(
    ({ kind, name }) => kind === 'push' || (kind === 'step' && !mayRepeat.has(name)),
  );
  if (isHalfRun || (await hasEffects(tx, lease.subject_id)))
    return endWorkflow(tx, { ...end, ...lost(` (${cause})`), running });
  if (attempt >= LIMITS.workflowAttempts)
    return endWorkflow(tx, { ...end, ...lost(` (${cause}), ${attempt} times`), running });
  await endSteps(tx, { ...end, status: 'error', running });
  const again = { buildId, to: 'pending', reason: null, at } as const;
  const set = { attempt: attempt + 1, worker_id: null, placed_at: null, started_at: null };
  await transition(tx, { ...again, table: 'workflow', id: lease.subject_id, set });
  if (await isAlone(tx, end)) await transition(tx, { ...again, table: 'build', id: buildId });
  const repeat = JSON.parse(workflow.repeat_json ?? 'null') as WorkflowRepeat | null;
  const steps = [{ workflowId: lease.subject_id, plan, repeat }];
  await insertSteps(tx, steps, { buildId, attempt: attempt + 1, at });
  // Its image was on the engine of the worker that is lost: deployments wait for the next one.
  await tx.db.deleteFrom('image').where('workflow_id', '=', lease.subject_id).execute();
  await settleBuild(tx, buildId, at);
}

/** Whether no other workflow of its build has begun. */
async function isAlone(
  tx: Tx,
  { workflowId, buildId }: { workflowId: string; buildId: string },
): Promise<boolean> {
  const other = await tx.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .where('id', '!=', workflowId)
    // Neither of those taken over green from another build, nor of those that were skipped.
    .where('started_at', 'is not', null)
    .executeTakeFirst();
  return other === undefined;
}

/** The attempts of a workflow's attempt that were started, ended or not. */
function begunAttempts(tx: Tx, workflowId: string, attempt: number) {
  return tx.db
    .selectFrom('step')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .select(['step_attempt.id', 'step.kind', 'step.name'])
    .where('step.workflow_id', '=', workflowId)
    .where('step.workflow_attempt', '=', attempt)
    .where('step_attempt.started_at', 'is not', null)
    .execute();
}

/** Whether its holder has asked for an effect: that may have overtaken the report of what it is part of. */
async function hasEffects(tx: Tx, workflowId: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('outbox')
    .select('id')
    .where('subject_id', '=', workflowId)
    .where('lease_id', 'is not', null)
    .executeTakeFirst();
  return row !== undefined;
}

async function loseDeployment(tx: Tx, lease: LeaseRow, cause: string, at: number): Promise<void> {
  const row = await tx.db
    .selectFrom('deployment')
    .selectAll()
    .where('id', '=', lease.subject_id)
    .executeTakeFirst();
  if (row?.status !== 'running') return;
  await sealLog(tx, row.log_id, LOST_LINE, at);
  const again = { attempt: row.attempt + 1, worker_id: null };
  if (!mayAbort(row.phase)) {
    // From `switching` on it only goes forward: the next claim resumes it.
    await tx.db
      .updateTable('deployment')
      .set({ ...again, placed_at: at })
      .where('id', '=', row.id)
      .execute();
    tx.changed('deployment', row.id);
    tx.changed('queue', row.id);
    return;
  }
  const change = { table: 'deployment', id: row.id, buildId: row.build_id, at } as const;
  const lost = await countLost(tx, row.id);
  const end = endOf(row.cancel_requested);
  if (end !== null) await endUndone(tx, row, end, at);
  else if (lost >= LIMITS.workflowAttempts) {
    const { status: to, reason, code } = badEnd('deployer_lost', { cause, times: lost });
    await transition(tx, { ...change, to, reason, code, set: { finished_at: at } });
    await abortSlots(tx, row, at);
  } else
    await transition(tx, {
      ...change,
      to: 'pending',
      reason: null,
      set: { ...again, placed_at: null, phase: 'waiting' },
    });
  await settleEnvironment(tx, row.environment_id, at);
}

type Ending = readonly [status: UndoneStatus, reason: string];

/** Reads what `askToEnd` wrote: the status and the reason that a deployment shall have once it is undone. */
export function endOf(cancelRequested: string | null): Ending | null {
  if (cancelRequested === null) return null;
  const [, status, reason] = /^(skipped|cancelled|pending): (.*)$/s.exec(cancelRequested) ?? [];
  return [(status as UndoneStatus | undefined) ?? 'cancelled', reason ?? cancelRequested];
}

/** Ends a deployment that was told to undo what it prepared; one whose build begins again waits for it, with no slot. */
export async function endUndone(
  tx: Tx,
  row: Selectable<DeploymentTable>,
  [to, reason]: Ending,
  at: number,
): Promise<void> {
  const waits = {
    attempt: row.attempt + 1,
    phase: 'waiting',
    candidate: null,
    worker_id: null,
    placed_at: null,
    cancel_requested: null,
  } as const;
  const set = to === 'pending' ? waits : { finished_at: at };
  await transition(tx, { table: 'deployment', id: row.id, buildId: row.build_id, to, reason, at, set });
  await abortSlots(tx, row, at);
}
