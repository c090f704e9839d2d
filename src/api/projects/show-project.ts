import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

/** `GET /api/v1/projects/:project` → ProjectView. */
export function showProject(deps: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/projects/:project',
    access: 'admin',
    handle: async (request, response) => response.json(await findProject(deps, request)),
  });
}
