import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

/** `DELETE /api/v1/projects/:project` → 204; 409 while something of it runs or is deployed. */
export function removeProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project',
    access: 'admin',
    handle: async (request, response) => {
      await deps.projects.remove((await findProject(deps, request)).id);
      response.status(204).end();
    },
  });
}
