import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

/** `DELETE /api/v1/projects/:project/connection` → 204: its Git host is told nothing more. */
export function disconnectProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project/connection',
    access: 'admin',
    handle: async (request, response) => {
      await deps.projects.disconnect((await findProject(deps, request)).id);
      response.status(204).end();
    },
  });
}
