import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

/** `DELETE /api/v1/projects/:project/secrets/:name` → 204. */
export function removeSecret(deps: Pick<AppDeps, 'secrets' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project/secrets/:name',
    access: 'admin',
    handle: async (request, response) => {
      const { id } = await findProject(deps, request);
      await deps.secrets.removeProjectSecret(id, readParam(request, 'name'));
      response.status(204).end();
    },
  });
}
