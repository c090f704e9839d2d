import { Problem } from '../core/problem.ts';
import type { Tx } from '../store/store.ts';
import { unplaceFrom } from './placement.ts';

interface Drain {
  /** Its name or its id. */
  readonly worker: string;
  readonly draining: boolean;
  readonly at: number;
}

/** See `Builds.drainWorker`. */
export async function drainWorker(
  tx: Tx,
  { worker, draining, at }: Drain,
): Promise<{ readonly id: string; readonly name: string }> {
  const row = await tx.db
    .selectFrom('worker')
    .select(['id', 'name', 'draining_since'])
    .where((eb) => eb.or([eb('name', '=', worker), eb('id', '=', worker)]))
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'worker', id: worker });
  const isDraining = row.draining_since !== null;
  if (isDraining !== draining) {
    await tx.db
      .updateTable('worker')
      .set((eb) => ({ draining_since: draining ? at : null, version: eb('version', '+', 1) }))
      .where('id', '=', row.id)
      .execute();
    tx.changed('worker', row.id);
  }
  if (draining) await unplaceFrom(tx, row.id);
  return row;
}
