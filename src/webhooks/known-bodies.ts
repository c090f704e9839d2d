import { firstIdAt } from '../core/id.ts';
import type { Tx } from '../store/store.ts';
import type { NewDelivery } from './delivery-store.ts';

/** Hosts tell times in whole seconds: only so shortly after it, the same body may be another event. */
const SAME_SECOND_MS = 60_000;

/** The delivery that brought this signed body before. */
export interface KnownBody {
  /** It may be gone by now. */
  readonly deliveryId: string;
  /** Whether it may be another event all the same; see {@link mayBeAnother}. */
  readonly mayRepeat: boolean;
}

/**
 * Remembers what brings a body that has not come yet.
 * @returns false where it has: nothing is changed then.
 */
export async function keepNewBody(
  tx: Tx,
  digest: string,
  id: string,
  delivery: NewDelivery,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('delivery_body')
    .values({ digest, delivery_id: id, received_at: happenedAt(delivery) })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows !== 0n;
}

/** Takes {@link keepNewBody} back. */
export async function forgetBody(tx: Tx, digest: string): Promise<void> {
  await tx.db.deleteFrom('delivery_body').where('digest', '=', digest).execute();
}

/** Remembers that a known body has come again as another event, with the delivery `id`. */
export async function repeatBody(tx: Tx, digest: string, id: string): Promise<void> {
  await tx.db
    .updateTable('delivery_body')
    .set((eb) => ({ delivery_id: id, repeats: eb('repeats', '+', 1) }))
    .where('digest', '=', digest)
    .execute();
}

/** What is known of a body that has come. */
export async function findBody(tx: Tx, digest: string, delivery: NewDelivery): Promise<KnownBody> {
  const known = await tx.db
    .selectFrom('delivery_body')
    .where('digest', '=', digest)
    .selectAll()
    .executeTakeFirstOrThrow();
  const { delivery_id: deliveryId, repeats } = known;
  const ageMs = happenedAt(delivery) - known.received_at;
  // Else all that came since an old body would be read each time that somebody sends it.
  const mayRepeat =
    mayBeAnother({ ageMs, repeats, hasOtherSince: true }) &&
    (await hasOtherSince(tx, deliveryId, known.received_at, delivery));
  return { deliveryId, mayRepeat };
}

/** Of one that comes late the Git host says when it sent it. */
const happenedAt = ({ sentAtMs, receivedAtMs }: NewDelivery): number => sentAtMs ?? receivedAtMs;

/** Whether another event of that kind has come of the repository; times of the Git host are whole seconds. */
async function hasOtherSince(
  tx: Tx,
  deliveryId: string,
  atMs: number,
  { repository, event, sentAtMs }: NewDelivery,
): Promise<boolean> {
  const after = sentAtMs === undefined ? deliveryId : firstIdAt('dlv', atMs - (atMs % 1_000));
  const since = await tx.db
    .selectFrom('delivery')
    .where('repository', '=', repository)
    .where('event', '=', event)
    .where('id', '>', after)
    .where('id', '!=', deliveryId)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return since !== undefined;
}

/**
 * Whether the same signed body is another event: a branch that goes from A to B, back, and to B again within one second
 * of its host. Once for a body, so that who has one makes at most one build of it. Pure.
 * @param given.ageMs Since it came first.
 * @param given.hasOtherSince Whether another event of that kind has come of the repository since.
 */
export function mayBeAnother(given: {
  readonly ageMs: number;
  readonly repeats: number;
  readonly hasOtherSince: boolean;
}): boolean {
  return given.hasOtherSince && given.repeats === 0 && given.ageMs < SAME_SECOND_MS;
}
