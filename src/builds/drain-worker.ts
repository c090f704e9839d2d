import type { Tx } from '../store/store.ts';
import { unplaceFrom } from './placement.ts';
import { demandWorkerNamed } from './workers.ts';

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
  const found = await demandWorkerNamed(tx, worker);
  const isDraining = found.draining_since !== null;
  if (isDraining !== draining) {
    await tx.db
      .updateTable('worker')
      .set((eb) => ({ draining_since: draining ? at : null, version: eb('version', '+', 1) }))
      .where('id', '=', found.id)
      .execute();
    tx.changed('worker', found.id);
  }
  if (draining) await unplaceFrom(tx, found.id);
  return found;
}
