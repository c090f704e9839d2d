import type { RouterEventView } from '../../core/view.ts';
import type { Reader } from './view-context.ts';

/** What the router of an environment did by itself, newest first. */
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
    .limit(limit)
    .execute();
  const events = rows.map(({ detail_json, ...row }) => ({ ...row, ...(JSON.parse(detail_json) as Detail) }));
  const builds = await buildsOf(
    db,
    events.map(({ deploymentId }) => deploymentId),
  );
  return events.flatMap((event): RouterEventView[] => {
    const type = TYPES[event.type];
    const build = builds.get(event.deploymentId ?? '');
    if (type === undefined) return [];
    return [
      {
        id: event.id,
        type,
        atMs: event.at,
        requests: event.requests,
        buildId: build?.buildId ?? null,
        buildNumber: build?.number ?? null,
      },
    ];
  });
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
