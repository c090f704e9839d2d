import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { aboutProject } from './find-project.ts';

/** `DELETE /api/v1/projects/:project` → 204; 409 while something of it runs or is deployed. */
export function removeProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project',
    access: 'admin',
    audit: 'project.remove',
    handle: async (request, response) => {
      const { id } = await aboutProject(deps, request);
      await deps.projects.remove(id, auditOf(request).done);
      response.status(204).end();
    },
  });
}
