import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { aboutProject } from '../projects/find-project.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { targetSubject } from './target-subject.ts';

/** `POST /api/v1/projects/:project/notifications/:target/test` → 202: it is sent a message that says so. */
export function tryTarget(deps: Pick<AppDeps, 'targets' | 'builds' | 'store' | 'views'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/projects/:project/notifications/:target/test',
    access: 'admin',
    audit: 'notification.try',
    handle: async (request, response) => {
      const project = await aboutProject(deps, request);
      const id = readParam(request, 'target');
      const audit = auditOf(request);
      audit.about(await targetSubject(deps, project, id));
      await deps.builds.tryNotification(project.id, id, audit.done);
      response.status(202).json({ id });
    },
  });
}
