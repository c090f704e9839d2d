import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { aboutProject } from '../projects/find-project.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { targetSubject } from './target-subject.ts';

/** `DELETE /api/v1/projects/:project/notifications/:target` → 204; what was not sent to it yet never is. */
export function removeTarget(deps: Pick<AppDeps, 'targets' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project/notifications/:target',
    access: 'admin',
    audit: 'notification.remove',
    handle: async (request, response) => {
      const project = await aboutProject(deps, request);
      const id = readParam(request, 'target');
      const audit = auditOf(request);
      audit.about(await targetSubject(deps, project, id));
      await deps.targets.remove(project.id, id, audit.done);
      response.status(204).end();
    },
  });
}
