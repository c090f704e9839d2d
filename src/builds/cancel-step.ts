import { Problem } from '../core/problem.ts';
import { isEnd } from '../core/status.ts';
import type { Reading, Tx } from '../store/store.ts';
import { bumpSignals } from './lease-rows.ts';
import { knows } from './worker-features.ts';

/** See `Builds.cancelStep`. Its worker is told, and reports the end; a second call changes nothing. */
export async function cancelStepIn(tx: Tx, stepId: string, reason: string): Promise<void> {
  const step = await tx.db
    .selectFrom('step')
    .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
    .leftJoin('worker', 'worker.id', 'workflow.worker_id')
    .select(['step.kind', 'step.name', 'step.status', 'step.cancel_requested'])
    .select(['workflow.id as workflowId', 'workflow.build_id as buildId'])
    .select(['worker.name as worker', 'worker.features_json'])
    .where('step.id', '=', stepId)
    .executeTakeFirst();
  if (step === undefined) throw new Problem('not_found', { what: 'step', id: stepId });
  const { name, kind, status } = step;
  if (isEnd(status)) throw new Problem('already_ended', { what: 'step', id: name, status });
  if (kind !== 'step') throw new Problem('step_not_alone', { step: name, kind });
  if (status !== 'running') throw new Problem('step_not_running', { step: name, status });
  if (!knows(step.features_json, 'cancel-step'))
    throw new Problem('worker_too_old', { worker: step.worker ?? '', what: 'cancel a single step' });
  if (step.cancel_requested !== null) return;
  await tx.db
    .updateTable('step')
    .set((eb) => ({ cancel_requested: reason, version: eb('version', '+', 1) }))
    .where('id', '=', stepId)
    .execute();
  await bumpSignals(tx, step.workflowId);
  tx.changed('build', step.buildId);
}

/** The steps of a workflow that are to end, each with the reason. */
export async function cancelledSteps(
  { db }: Reading,
  workflowId: string,
): Promise<readonly { readonly stepId: string; readonly reason: string }[]> {
  const rows = await db
    .selectFrom('step')
    .select(['id', 'cancel_requested'])
    .where('workflow_id', '=', workflowId)
    .where('cancel_requested', 'is not', null)
    .where('status', '=', 'running')
    .execute();
  return rows.map(({ id, cancel_requested }) => ({ stepId: id, reason: cancel_requested ?? '' }));
}
