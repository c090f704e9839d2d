import type { RouterEventView } from '../../core/views/environment-view.ts';
import type { Reader } from './view-context.ts';

/** Rows that are looked through: a fail-over under traffic adds one each second. */
const MOST_ROWS = 2_000;

/** What the router of an environment did by itself, newest first; a fail-over that goes on is one event. */
export async function routerEventsOf(
  db: Reader,
  environmentId: string,
  limit: number,
): Promise<readonly RouterEventView[]> {
  const rows = await db
    .selectFrom('event')
    .select(['id', 'at', 'type', 'detail_json'])
    .where('subject_id', '=', environmentId)
    .where('type', 'in', Object.keys(TYPES))
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(MOST_ROWS)
    .execute();
  const events = rows.map(({ detail_json, ...row }) => ({ ...row, ...(JSON.parse(detail_json) as Detail) }));
  const builds = await buildsOf(
    db,
    events.map(({ deploymentId }) => deploymentId),
  );
  const views = events.map((event): RouterEventView => {
    const build = builds.get(event.deploymentId ?? '');
    return {
      id: event.id,
      type: TYPES[event.type] ?? 'failover',
      sinceMs: event.at,
      atMs: event.at,
      requests: event.requests,
      buildId: build?.buildId ?? null,
      buildNumber: build?.number ?? null,
    };
  });
  return joinFailovers(views).slice(0, limit);
}

/** Fail-overs of the same build, with nothing else between them, as one. @param events Newest first. */
function joinFailovers(events: readonly RouterEventView[]): readonly RouterEventView[] {
  const joined: RouterEventView[] = [];
  for (const event of events) {
    const newer = joined.at(-1);
    if (newer?.type === 'failover' && event.type === 'failover' && newer.buildId === event.buildId)
      joined[joined.length - 1] = {
        ...newer,
        id: event.id,
        sinceMs: event.sinceMs,
        requests: newer.requests + event.requests,
      };
    else joined.push(event);
  }
  return joined;
}

/** Type in the record → type in the view. */
const TYPES: Readonly<Record<string, RouterEventView['type']>> = {
  'router.failover': 'failover',
  'router.live_down': 'live_down',
  'router.live_up': 'live_up',
};

interface Detail {
  readonly deploymentId: string | null;
  readonly requests: number;
}

/** By deployment: the build whose release it put there. */
async function buildsOf(
  db: Reader,
  deploymentIds: readonly (string | null)[],
): Promise<ReadonlyMap<string, { readonly buildId: string; readonly number: number }>> {
  const ids = [...new Set(deploymentIds)].filter((id) => id !== null);
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('deployment')
    .innerJoin('build', 'build.id', 'deployment.build_id')
    .select(['deployment.id', 'build.id as buildId', 'build.number'])
    .where('deployment.id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, ...build }) => [id, build]));
}
