import type { Page } from '../../core/views/page.ts';
import type { ScheduleView } from '../../core/views/project-view.ts';
import { cronTimes } from '../../pipeline/cron-time.ts';
import { readProjectSchedules } from '../../store/read/schedules.ts';
import type { AppDeps } from '../deps.ts';
import { findProject } from '../projects/find-project.ts';
import { route, type Route } from '../route.ts';

/** How many of the times that come are told. */
const TIMES_TOLD = 3;

/** `GET /api/v1/projects/:project/schedules` → Page of ScheduleView, all on one page. */
export function listSchedules(deps: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/projects/:project/schedules',
    access: 'admin',
    handle: async (request, response) => {
      const { id } = await findProject(deps, request);
      const page: Page<ScheduleView> = { items: await readSchedules(deps, id), next: null };
      response.json(page);
    },
  });
}

/** Those of a project, with the times that come. */
export async function readSchedules(
  { store }: Pick<AppDeps, 'store'>,
  projectId: string,
): Promise<readonly ScheduleView[]> {
  const kept = await readProjectSchedules(store.db, projectId);
  return kept.map(({ nextAtMs, ...schedule }) => ({
    ...schedule,
    nextMs: schedule.enabled ? [nextAtMs, ...cronTimes(schedule, nextAtMs, TIMES_TOLD - 1)] : [],
  }));
}
