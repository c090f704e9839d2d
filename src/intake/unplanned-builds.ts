import { readEvent } from '../core/event.ts';
import { deliveryOfBuild } from '../store/read/delivery-of.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { Unplanned } from './plan-build.ts';
import type { ProjectRow } from './project-row.ts';

/** Builds that wait for a plan, oldest first: those of "run now", and those a kill left between record and plan. */
export async function findUnplanned({ store }: IntakeDeps): Promise<readonly Unplanned[]> {
  const builds = await store.db
    .selectFrom('build')
    .where('status', '=', 'pending')
    .where('planned', '=', 0)
    .where('problems_json', 'is', null)
    .orderBy('id')
    .select(['id', 'project_id', 'event_json', deliveryOfBuild().as('deliveryId')])
    .execute();
  const ids = [...new Set(builds.map((build) => build.project_id))];
  if (ids.length === 0) return [];
  const rows = await store.db.selectFrom('project').where('id', 'in', ids).selectAll().execute();
  const projects = new Map(rows.map((row): [string, ProjectRow] => [row.id, row]));
  return builds.flatMap((build) => {
    const project = projects.get(build.project_id);
    const event = readEvent(build.event_json);
    return project === undefined
      ? []
      : [{ buildId: build.id, deliveryId: build.deliveryId, project, event, source: null }];
  });
}
