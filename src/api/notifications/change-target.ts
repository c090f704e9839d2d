import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { aboutProject } from '../projects/find-project.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { addresses, choice, webhook } from './add-target.ts';
import { targetSubject } from './target-subject.ts';

const body = z.object({ ...webhook, addresses, ...choice }).partial();

/**
 * `PATCH /api/v1/projects/:project/notifications/:target {url?, secret?, addresses?, events?, branches?}` →
 * NotificationTargetView; what is left out stays. What waits to be sent goes where the target is then.
 */
export function changeTarget(deps: Pick<AppDeps, 'targets' | 'store' | 'views'>): Route {
  return route({
    method: 'patch',
    path: '/api/v1/projects/:project/notifications/:target',
    access: 'admin',
    audit: 'notification.change',
    handle: async (request, response) => {
      const project = await aboutProject(deps, request);
      const id = readParam(request, 'target');
      const audit = auditOf(request);
      audit.about(await targetSubject(deps, project, id));
      response.json(await deps.targets.change(project.id, id, readBodyOf(request, body), audit.done));
    },
  });
}
