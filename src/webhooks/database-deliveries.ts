import type { Clock } from '../ports/clock.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import { noNote, type Store, type Tx } from '../store/store.ts';
import type { DeliveryStore, NewDelivery, RecordedDelivery } from './delivery-store.ts';

/** Deliveries in the database; their ids are in the order of arrival, also within one millisecond. */
export function createDeliveryStore({ store, clock }: { store: Store; clock: Clock }): DeliveryStore {
  let lastIdMs = 0;
  const nextId = (): string => {
    lastIdMs = Math.max(clock.nowMs(), lastIdMs + 1);
    return newId('dlv', lastIdMs);
  };
  return {
    record: (delivery) => {
      const { sentAtMs } = delivery;
      const id = sentAtMs === undefined ? nextId() : newId('dlv', Math.min(sentAtMs, clock.nowMs()));
      return store.grouped((tx) => record(tx, id, delivery));
    },
    replay: (deliveryId, note = noNote) =>
      store.transaction(async (tx) => {
        await replay(tx, deliveryId);
        await note(tx);
      }),
  };
}

async function record(tx: Tx, id: string, delivery: NewDelivery): Promise<RecordedDelivery> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('delivery')
    .values({
      id,
      host: delivery.host,
      host_delivery_id: delivery.hostDeliveryId,
      event: delivery.event,
      action: delivery.action,
      repository: delivery.repository,
      body: delivery.body,
      body_bytes: Buffer.byteLength(delivery.body),
      received_at: delivery.receivedAtMs,
      outcome: 'received',
      reason: null,
    })
    .onConflict((conflict) => conflict.columns(['host', 'host_delivery_id']).doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) return recordAgain(tx, delivery);
  tx.changed('delivery', id);
  return { id, isNew: true, outcome: 'received', reason: null, builds: [] };
}

async function recordAgain(tx: Tx, delivery: NewDelivery): Promise<RecordedDelivery> {
  const known = await tx.db
    .updateTable('delivery')
    .set((eb) => ({ times: eb('times', '+', 1), version: eb('version', '+', 1) }))
    .where('host', '=', delivery.host)
    .where('host_delivery_id', '=', delivery.hostDeliveryId)
    .returning(['id', 'outcome', 'reason'])
    .executeTakeFirstOrThrow();
  tx.changed('delivery', known.id);
  if (known.outcome === 'failed') {
    await receiveAgain(tx, known.id);
    return { id: known.id, isNew: false, outcome: 'received', reason: null, builds: [] };
  }
  const builds = await tx.db
    .selectFrom('delivery_build')
    .innerJoin('build', 'build.id', 'delivery_build.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .where('delivery_build.delivery_id', '=', known.id)
    .orderBy('build.id')
    .select(['build.id', 'build.number', 'project.path as projectPath'])
    .execute();
  return { ...known, isNew: false, builds };
}

async function replay(tx: Tx, deliveryId: string): Promise<void> {
  const known = await tx.db
    .selectFrom('delivery')
    .where('id', '=', deliveryId)
    .select('outcome')
    .executeTakeFirst();
  if (known === undefined) throw new Problem('not_found', { what: 'delivery', id: deliveryId });
  const built = await tx.db
    .selectFrom('delivery_build')
    .where('delivery_id', '=', deliveryId)
    .select('build_id')
    .executeTakeFirst();
  if (built !== undefined)
    throw new Problem('already_ended', { what: 'delivery', id: deliveryId, status: known.outcome });
  await receiveAgain(tx, deliveryId);
}

async function receiveAgain(tx: Tx, deliveryId: string): Promise<void> {
  await tx.db
    .updateTable('delivery')
    .set((eb) => ({ outcome: 'received', reason: null, attempts: 0, version: eb('version', '+', 1) }))
    .where('id', '=', deliveryId)
    .execute();
  tx.changed('delivery', deliveryId);
}
