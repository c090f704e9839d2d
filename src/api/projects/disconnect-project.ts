import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { aboutProject } from './find-project.ts';

/** `DELETE /api/v1/projects/:project/connection` → 204: its Git host is told nothing more. */
export function disconnectProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project/connection',
    access: 'admin',
    audit: 'project.disconnect',
    handle: async (request, response) => {
      const { id } = await aboutProject(deps, request);
      await deps.projects.disconnect(id, auditOf(request).done);
      response.status(204).end();
    },
  });
}
