import { isEnd } from '../core/status.ts';
import { Problem } from '../core/problem.ts';
import type { Tx } from '../store/store.ts';
import { endBuild, endWorkflow } from './end-workflow.ts';
import { bumpSignals } from './lease-rows.ts';

/**
 * Cancels a build: one that waits ends at once, one that runs is told, and ends when its worker has undone it.
 * @throws Problem `not_found`, `already_ended`.
 */
export async function cancelBuildIn(tx: Tx, buildId: string, reason: string, at: number): Promise<void> {
  const build = await tx.db
    .selectFrom('build')
    .select(['status', 'cancel_requested'])
    .where('id', '=', buildId)
    .executeTakeFirst();
  if (build === undefined) throw new Problem('not_found', { what: 'build', id: buildId });
  if (isEnd(build.status))
    throw new Problem('already_ended', { what: 'build', id: buildId, status: build.status });
  const workflows = await tx.db
    .selectFrom('workflow')
    .select(['id', 'status'])
    .where('build_id', '=', buildId)
    .execute();
  if (build.status === 'running') return askToCancel(tx, buildId, reason, workflows);
  const running = { status: 'cancelled', reason } as const;
  for (const { id } of workflows)
    await endWorkflow(tx, { workflowId: id, buildId, status: 'cancelled', reason, at, running });
  if (workflows.length === 0) await endBuild(tx, { buildId, status: 'cancelled', reason, at });
}

async function askToCancel(
  tx: Tx,
  buildId: string,
  reason: string,
  workflows: readonly { id: string }[],
): Promise<void> {
  await tx.db
    .updateTable('build')
    .set((eb) => ({ cancel_requested: reason, version: eb('version', '+', 1) }))
    .where('id', '=', buildId)
    .where('cancel_requested', 'is', null)
    .execute();
  for (const { id } of workflows) await bumpSignals(tx, id);
  tx.changed('build', buildId);
}
