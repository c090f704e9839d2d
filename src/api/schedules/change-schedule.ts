import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { aboutProject } from '../projects/find-project.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { readSchedules } from './list-schedules.ts';

const body = z.object({ enabled: z.boolean() });

/** `PATCH /api/v1/projects/:project/schedules/:schedule {enabled}` → ScheduleView: stops a schedule, or has it go on. */
export function changeSchedule(deps: Pick<AppDeps, 'schedules' | 'store' | 'views'>): Route {
  return route({
    method: 'patch',
    path: '/api/v1/projects/:project/schedules/:schedule',
    access: 'admin',
    audit: 'schedule.change',
    handle: async (request, response) => {
      const { id, path } = await aboutProject(deps, request);
      const name = readParam(request, 'schedule');
      const { enabled } = readBodyOf(request, body);
      const audit = auditOf(request);
      await deps.schedules.enable(id, name, enabled, (tx) =>
        audit.done(tx, { id, name: `${path}: ${name} ${enabled ? 'on' : 'off'}` }),
      );
      response.json((await readSchedules(deps, id)).find((one) => one.name === name));
    },
  });
}
