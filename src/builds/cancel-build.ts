import { isEnd } from '../core/status.ts';
import { Problem } from '../core/problem.ts';
import type { Tx } from '../store/store.ts';
import { endBuild, endWorkflows } from './end-workflow.ts';
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
  if (build.status === 'running') {
    await askToCancel(tx, buildId, reason, workflows);
    const waiting = workflows.filter(({ status }) => status === 'pending');
    return endAll(tx, waiting, { buildId, reason, at });
  }
  if (workflows.length === 0) return endBuild(tx, { buildId, status: 'cancelled', reason, code: null, at });
  await endAll(tx, workflows, { buildId, reason, at });
}

async function endAll(
  tx: Tx,
  workflows: readonly { readonly id: string }[],
  { buildId, reason, at }: { buildId: string; reason: string; at: number },
): Promise<void> {
  const cancelled = { status: 'cancelled', reason, code: null } as const;
  const end = { ...cancelled, buildId, at, running: cancelled };
  await endWorkflows(
    tx,
    workflows.map(({ id: workflowId }) => ({ ...end, workflowId })),
  );
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
