import type { Kysely } from 'kysely';
import type { DeliveryView } from '../../core/views/delivery-view.ts';
import type { Page } from '../../core/views/page.ts';
import type { Database } from '../schema.ts';

type Reader = Kysely<Database>;

/** Deliveries, newest first, without their bodies. @param before Id of the last one of the page before. */
export async function readDeliveries(
  db: Reader,
  { before, limit }: { readonly before: string | null; readonly limit: number },
): Promise<Page<DeliveryView>> {
  let query = withoutBody(db)
    .orderBy('id', 'desc')
    .limit(limit + 1);
  if (before !== null) query = query.where('id', '<', before);
  const rows = await query.execute();
  const shown = rows.slice(0, limit);
  const items = await withBuilds(db, shown);
  return { items, next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}

/** One delivery without its body; null when there is none. */
export async function readDelivery(db: Reader, deliveryId: string): Promise<DeliveryView | null> {
  const [view] = await withBuilds(db, await withoutBody(db).where('id', '=', deliveryId).execute());
  return view ?? null;
}

/** The raw body of a delivery, as it was signed; null when there is none. */
export async function readDeliveryBody(db: Reader, deliveryId: string): Promise<string | null> {
  const row = await db.selectFrom('delivery').where('id', '=', deliveryId).select('body').executeTakeFirst();
  return row?.body ?? null;
}

function withoutBody(db: Reader) {
  return db
    .selectFrom('delivery')
    .select([
      'id',
      'host_delivery_id as hostDeliveryId',
      'host',
      'event',
      'action',
      'repository',
      'received_at as receivedAtMs',
      'outcome',
      'reason',
      'body_bytes as bytes',
      'times',
    ]);
}

async function withBuilds(
  db: Reader,
  rows: readonly Omit<DeliveryView, 'buildIds' | 'refName' | 'commit'>[],
): Promise<readonly DeliveryView[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const built = await db
    .selectFrom('delivery_build')
    .innerJoin('build', 'build.id', 'delivery_build.build_id')
    .where('delivery_build.delivery_id', 'in', ids)
    .orderBy('delivery_build.build_id')
    .select(['delivery_build.delivery_id', 'build.id', 'build.ref_name', 'build.commit'])
    .execute();
  const builds = Map.groupBy(built, (link) => link.delivery_id);
  return rows.map((row) => {
    const links = builds.get(row.id) ?? [];
    const [first] = links;
    return {
      ...row,
      buildIds: links.map(({ id }) => id),
      refName: first?.ref_name ?? null,
      commit: first?.commit ?? null,
    };
  });
}
