import { firstIdAt } from '../core/id.ts';
import type { Store, Tx } from '../store/store.ts';

/** Rows in one transaction. */
const BATCH = 100;

/** Removes the next rows after an id; returns their ids, fewer than {@link BATCH} at the end. */
type RemoveNext = (tx: Tx, afterId: string) => Promise<readonly string[]>;

/** Removes deliveries that came before `beforeMs`, were worked on, and led to no build that is still there. */
export function removeDeliveries(store: Store, beforeMs: number, pause: () => Promise<boolean>) {
  return removeInBatches(store, pause, async ({ db }, afterId) => {
    const rows = await db
      .selectFrom('delivery')
      .select('delivery.id')
      .where('delivery.id', '>', afterId)
      .where('delivery.id', '<', firstIdAt('dlv', beforeMs))
      .where('delivery.outcome', '!=', 'received')
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('delivery_build')
              .select('delivery_build.build_id')
              .whereRef('delivery_build.delivery_id', '=', 'delivery.id'),
          ),
        ),
      )
      .where((eb) =>
        eb.not(
          eb.exists(
            eb.selectFrom('build').select('build.id').whereRef('build.delivery_id', '=', 'delivery.id'),
          ),
        ),
      )
      .orderBy('delivery.id')
      .limit(BATCH)
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await db.deleteFrom('delivery').where('id', 'in', ids).execute();
    return ids;
  });
}

/** Forgets signed bodies that came before `beforeMs`. */
export function removeBodies(store: Store, beforeMs: number, pause: () => Promise<boolean>) {
  return removeInBatches(store, pause, async ({ db }) => {
    const rows = await db
      .selectFrom('delivery_body')
      .select('digest')
      .where('received_at', '<', beforeMs)
      .limit(BATCH)
      .execute();
    const digests = rows.map(({ digest }) => digest);
    if (digests.length > 0) await db.deleteFrom('delivery_body').where('digest', 'in', digests).execute();
    return digests;
  });
}

/** Removes what the history has from before `beforeMs` of routers, workers and all else that is of no build. */
export function removeEvents(store: Store, beforeMs: number, pause: () => Promise<boolean>) {
  return removeInBatches(store, pause, async ({ db }, afterId) => {
    const rows = await db
      .selectFrom('event')
      .select('id')
      .where('id', '>', afterId)
      .where('id', '<', firstIdAt('evt', beforeMs))
      .where('build_id', 'is', null)
      .orderBy('id')
      .limit(BATCH)
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await db.deleteFrom('event').where('id', 'in', ids).execute();
    return ids;
  });
}

/** Removes the audit log's entries of before `beforeMs`. */
export function removeAudit(store: Store, beforeMs: number, pause: () => Promise<boolean>) {
  return removeInBatches(store, pause, async ({ db }, afterId) => {
    const rows = await db
      .selectFrom('audit')
      .select('id')
      .where('id', '>', afterId)
      .where('id', '<', firstIdAt('aud', beforeMs))
      .orderBy('id')
      .limit(BATCH)
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await db.deleteFrom('audit').where('id', 'in', ids).execute();
    return ids;
  });
}

/** @param pause Before each transaction; false ends it. Resolves with how many rows went. */
async function removeInBatches(
  store: Store,
  pause: () => Promise<boolean>,
  removeNext: RemoveNext,
): Promise<number> {
  let removed = 0;
  for (let after = ''; await pause();) {
    const ids = await store.transaction((tx) => removeNext(tx, after));
    removed += ids.length;
    after = ids.at(-1) ?? after;
    if (ids.length < BATCH) break;
  }
  return removed;
}
