import type { WorkerView } from '../../core/view.ts';
import type { Reader } from './view-context.ts';

/** All workers by name. `connected`: last sign of life by id, of those that are there now. */
export async function readWorkers(
  db: Reader,
  connected: ReadonlyMap<string, number>,
): Promise<readonly WorkerView[]> {
  const rows = await db
    .selectFrom('worker')
    .select(['id', 'name', 'capacity', 'routers_json', 'token_routers_json', 'joined_at', 'seen_at'])
    .orderBy('name')
    .execute();
  const running = await db
    .selectFrom('workflow')
    .select('worker_id')
    .where('status', '=', 'running')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    connected: connected.has(row.id),
    seenAtMs: connected.get(row.id) ?? (row.seen_at === 0 ? null : row.seen_at),
    capacity: row.capacity,
    running: running.filter(({ worker_id }) => worker_id === row.id).length,
    routers: JSON.parse(row.routers_json) as string[],
    tokenRouters: JSON.parse(row.token_routers_json) as string[],
    joinedAtMs: row.joined_at,
  }));
}
