import type { RepositoryEvent } from '../core/event.ts';
import type { DeliveryView } from '../core/view.ts';
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

/** Counts a failed attempt; returns how many there were. */
export async function countAttempt(tx: Tx, deliveryId: string): Promise<number> {
  const { attempts } = await tx.db
    .updateTable('delivery')
    .set((eb) => ({ attempts: eb('attempts', '+', 1), version: eb('version', '+', 1) }))
    .where('id', '=', deliveryId)
    .returning('attempts')
    .executeTakeFirstOrThrow();
  return attempts;
}
