import type { RepositoryEvent } from '../core/event.ts';
import type { DeliveryView } from '../core/views/delivery-view.ts';
import type { Tx } from '../store/store.ts';

/** Records what became of a delivery. */
export async function finishDelivery(
  tx: Tx,
  deliveryId: string,
  outcome: DeliveryView['outcome'],
  reason: string | null,
): Promise<void> {
  await tx.db
    .updateTable('delivery')
    .set((eb) => ({ outcome, reason, version: eb('version', '+', 1) }))
    .where('id', '=', deliveryId)
    .execute();
  tx.changed('delivery', deliveryId);
}

/** Links a delivery to a build that it led to. */
export async function linkBuild(
  tx: Tx,
  deliveryId: string,
  buildId: string,
  event: RepositoryEvent,
): Promise<void> {
  await tx.db
    .insertInto('delivery_build')
    .values({
      delivery_id: deliveryId,
      build_id: buildId,
      pull_request: event.kind === 'pull_request' ? event.number : null,
    })
    .onConflict((conflict) => conflict.columns(['delivery_id', 'build_id']).doNothing())
    .execute();
}

/**
 * Counts that a delivery is begun which an earlier life of the server has left; whether it may be, as `most` were. The
 * server may have ended of it, and would at every start.
 */
export async function beginLeft(tx: Tx, deliveryId: string, most: number): Promise<boolean> {
  const counted = await tx.db
    .updateTable('delivery')
    .set((eb) => ({ plan_attempts: eb('plan_attempts', '+', 1) }))
    .where('id', '=', deliveryId)
    .where('plan_attempts', '<', most)
    .executeTakeFirst();
  return counted.numUpdatedRows > 0n;
}

/** The server did not end of it: it was told to. */
export async function takeBackBegin(tx: Tx, deliveryId: string): Promise<void> {
  await tx.db
    .updateTable('delivery')
    .set((eb) => ({ plan_attempts: eb('plan_attempts', '-', 1) }))
    .where('id', '=', deliveryId)
    .where('plan_attempts', '>', 0)
    .execute();
}

/** Counts a failed attempt; returns how many there were. Null: what it led to is recorded, though no answer came. */
export async function countAttempt(tx: Tx, deliveryId: string): Promise<number | null> {
  const { attempts, outcome } = await tx.db
    .updateTable('delivery')
    .set((eb) => ({ attempts: eb('attempts', '+', 1), version: eb('version', '+', 1) }))
    .where('id', '=', deliveryId)
    .returning(['attempts', 'outcome'])
    .executeTakeFirstOrThrow();
  return outcome === 'received' ? attempts : null;
}
