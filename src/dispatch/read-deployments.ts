import { mustGoOn } from '../core/deployment.ts';
import type { Reading } from '../store/store.ts';

/** A deployment whose turn it is and that nobody has claimed. */
export interface PlacedDeployment {
  readonly id: string;
  readonly attempt: number;
  /** Workers with it may claim the deployment. */
  readonly router: string;
  /** It has begun to switch: a worker that drains may claim it too. */
  readonly mustGoOn: boolean;
}

export async function readPlacedDeployments({ db }: Reading): Promise<readonly PlacedDeployment[]> {
  const rows = await db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .leftJoin('lease', (join) =>
      join.onRef('lease.subject_id', '=', 'deployment.id').on('lease.ended_at', 'is', null),
    )
    .select([
      'deployment.id',
      'deployment.attempt',
      'deployment.status',
      'deployment.phase',
      'environment.router',
    ])
    .where('deployment.status', 'in', ['pending', 'running'])
    .where('deployment.placed_at', 'is not', null)
    .where('lease.id', 'is', null)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    attempt: row.attempt,
    router: row.router,
    mustGoOn: mustGoOn(row),
  }));
}

/** Routers that connected workers have: `served` where one of them takes work, else `draining`. */
export async function readRouters(
  { db }: Reading,
  connected: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, 'served' | 'draining'>> {
  const rows = await db.selectFrom('worker').select(['id', 'routers_json', 'draining_since']).execute();
  const here = rows.filter(({ id }) => connected.has(id));
  const of = (rows: typeof here): string[] =>
    rows.flatMap(({ routers_json }) => JSON.parse(routers_json) as string[]);
  return new Map([
    ...of(here).map((router) => [router, 'draining'] as const),
    ...of(here.filter(({ draining_since }) => draining_since === null)).map(
      (router) => [router, 'served'] as const,
    ),
  ]);
}

/** Routers of which environments are being removed, each with what its worker has been told to remove, as one text. */
export async function removalsByRouter({ db }: Reading): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('environment')
    .where('removing_at', 'is not', null)
    .select(['router', 'id', 'removing_volumes_json'])
    .orderBy('id')
    .execute();
  const removals = new Map<string, string>();
  for (const { router, id, removing_volumes_json } of rows)
    removals.set(router, `${removals.get(router) ?? ''}${id} ${removing_volumes_json ?? ''}\n`);
  return removals;
}
