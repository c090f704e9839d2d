import type { Clock } from '../ports/clock.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import { noNote, type Store, type Tx } from '../store/store.ts';
import { bodyDigest } from './body-digest.ts';
import type { DeliveryStore, NewDelivery, RecordedDelivery } from './delivery-store.ts';
import { findBody, forgetBody, keepNewBody, repeatBody, type KnownBody } from './known-bodies.ts';

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  /** Events that may lead to a build: their signed bodies are taken once, under whatever delivery id. */
  readonly events: ReadonlySet<string>;
}

/** Deliveries in the database; their ids are in the order of arrival, also within one millisecond. */
export function createDeliveryStore({ store, clock, events }: Deps): DeliveryStore {
  let lastIdMs = 0;
  const nextId = (): string => {
    lastIdMs = Math.max(clock.nowMs(), lastIdMs + 1);
    return newId('dlv', lastIdMs);
  };
  return {
    record: (delivery) => {
      const { sentAtMs } = delivery;
      const id = sentAtMs === undefined ? nextId() : newId('dlv', Math.min(sentAtMs, clock.nowMs()));
      const digest = events.has(delivery.event) ? bodyDigest(delivery.event, delivery.body) : null;
      return store.grouped((tx) => recordOnce(tx, id, delivery, digest));
    },
    replay: (deliveryId, note = noNote) =>
      store.transaction(async (tx) => {
        await replay(tx, deliveryId);
        await note(tx);
      }),
  };
}

async function recordOnce(
  tx: Tx,
  id: string,
  delivery: NewDelivery,
  digest: string | null,
): Promise<RecordedDelivery> {
  if (digest === null) return record(tx, id, delivery);
  if (!(await keepNewBody(tx, digest, id, delivery))) return recordKnown(tx, id, delivery, digest);
  const recorded = await recordNew(tx, id, delivery);
  if (recorded !== null) return recorded;
  // The body is new, the id is not: it may have come with something else first.
  const wasCleared = await clearId(tx, delivery);
  const cleared = wasCleared ? await recordNew(tx, id, delivery) : null;
  if (cleared !== null) return cleared;
  // A new body under a known id is perhaps sent so that its own delivery, still to come, would count as known.
  await forgetBody(tx, digest);
  return countAgain(tx, delivery);
}

/** Of a body that has come before. */
async function recordKnown(
  tx: Tx,
  id: string,
  delivery: NewDelivery,
  digest: string,
): Promise<RecordedDelivery> {
  const known = await findBody(tx, digest, delivery);
  if (!known.mayRepeat) return (await recordAgain(tx, known.deliveryId)) ?? GONE(known);
  const recorded = await record(tx, id, delivery);
  if (recorded.isNew) await repeatBody(tx, digest, recorded.id);
  return recorded;
}

/**
 * An id is of one event; no signature covers either. What came under this one as an event of another name, and led to
 * nothing, was perhaps an old body, sent so that this delivery would count as known.
 * @returns whether the id is free now.
 */
async function clearId(tx: Tx, { host, hostDeliveryId, event }: NewDelivery): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('delivery')
    .set((eb) => ({
      host_delivery_id: eb(eb('host_delivery_id', '||', ' '), '||', eb.ref('id')),
      version: eb('version', '+', 1),
    }))
    .where('host', '=', host)
    .where('host_delivery_id', '=', hostDeliveryId)
    .where('event', '!=', event)
    .where('outcome', 'in', ['received', 'ignored', 'failed'])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

const GONE = ({ deliveryId: id }: KnownBody): RecordedDelivery => ({
  ...{ id, isNew: false, outcome: 'ignored', builds: [] },
  reason: 'this body came before, with a delivery that is no longer kept',
});

async function record(tx: Tx, id: string, delivery: NewDelivery): Promise<RecordedDelivery> {
  return (await recordNew(tx, id, delivery)) ?? countAgain(tx, delivery);
}

/** Null where something came under its delivery id before. */
async function recordNew(tx: Tx, id: string, delivery: NewDelivery): Promise<RecordedDelivery | null> {
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
  if (numInsertedOrUpdatedRows === 0n) return null;
  tx.changed('delivery', id);
  return { id, isNew: true, outcome: 'received', reason: null, builds: [] };
}

async function countAgain(tx: Tx, { host, hostDeliveryId }: NewDelivery): Promise<RecordedDelivery> {
  const { id } = await tx.db
    .selectFrom('delivery')
    .where('host', '=', host)
    .where('host_delivery_id', '=', hostDeliveryId)
    .select('id')
    .executeTakeFirstOrThrow();
  const recorded = await recordAgain(tx, id);
  if (recorded === null) throw new Error(`the delivery ${id} went while it was counted`);
  return recorded;
}

/** Null where it is gone. */
async function recordAgain(tx: Tx, id: string): Promise<RecordedDelivery | null> {
  const known = await tx.db
    .updateTable('delivery')
    .set((eb) => ({ times: eb('times', '+', 1), version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .returning(['id', 'outcome', 'reason'])
    .executeTakeFirst();
  if (known === undefined) return null;
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
    .set((eb) => ({
      outcome: 'received',
      reason: null,
      attempts: 0,
      plan_attempts: 0,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', deliveryId)
    .execute();
  tx.changed('delivery', deliveryId);
}
