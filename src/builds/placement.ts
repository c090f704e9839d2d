import type { Tx } from '../store/store.ts';

/** An unclaimed placement that was taken back. */
export interface TakenBack {
  readonly workflowId: string;
  readonly attempt: number;
  readonly workerId: string;
}

/** See `Builds.place`. */
export async function placeWorkflow(
  tx: Tx,
  { workflowId, workerId, at }: { workflowId: string; workerId: string; at: number },
): Promise<boolean> {
  const result = await tx.db
    .updateTable('workflow')
    .set({ worker_id: workerId, placed_at: at })
    .where('id', '=', workflowId)
    .where('status', '=', 'pending')
    .where('worker_id', 'is', null)
    .where('build_id', 'in', (eb) =>
      eb
        .selectFrom('build')
        .select('id')
        .where('status', 'in', ['pending', 'running'])
        .where('cancel_requested', 'is', null),
    )
    .where((eb) =>
      // Since the dispatcher looked it may have been told to drain, or lost its token or its process.
      eb.exists(
        eb
          .selectFrom('worker')
          .select('id')
          .where('id', '=', workerId)
          .where('draining_since', 'is', null)
          .where('instance', 'is not', null),
      ),
    )
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** See `Builds.unplaceBefore`. */
export async function unplaceBefore(tx: Tx, beforeMs: number): Promise<readonly TakenBack[]> {
  const rows = await unclaimed(tx).where('placed_at', '<', beforeMs).execute();
  return takeBack(tx, rows);
}

/** Takes back what is placed on a worker and not claimed; its jobs there are refused at their claim. */
export async function unplaceFrom(tx: Tx, workerId: string): Promise<readonly TakenBack[]> {
  return takeBack(tx, await unclaimed(tx).where('worker_id', '=', workerId).execute());
}

function unclaimed(tx: Tx) {
  return tx.db
    .selectFrom('workflow')
    .select(['id', 'attempt', 'worker_id'])
    .where('status', '=', 'pending')
    .where('worker_id', 'is not', null);
}

async function takeBack(
  tx: Tx,
  rows: readonly { readonly id: string; readonly attempt: number; readonly worker_id: string | null }[],
): Promise<readonly TakenBack[]> {
  for (const { id } of rows) {
    await tx.db
      .updateTable('workflow')
      .set({ worker_id: null, placed_at: null })
      .where('id', '=', id)
      .execute();
    tx.changed('queue', id);
  }
  return rows.map((row) => ({ workflowId: row.id, attempt: row.attempt, workerId: row.worker_id ?? '' }));
}
