import type { Reading } from '../store/store.ts';

/** Deployments whose turn it is and that nobody has claimed, with the router whose workers may. */
export async function readPlacedDeployments({
  db,
}: Reading): Promise<readonly { readonly id: string; readonly attempt: number; readonly router: string }[]> {
  return db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .leftJoin('lease', (join) =>
      join.onRef('lease.subject_id', '=', 'deployment.id').on('lease.ended_at', 'is', null),
    )
    .select(['deployment.id', 'deployment.attempt', 'environment.router'])
    .where('deployment.status', 'in', ['pending', 'running'])
    .where('deployment.placed_at', 'is not', null)
    .where('lease.id', 'is', null)
    .execute();
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
