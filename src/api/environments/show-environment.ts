import { Problem } from '../../core/problem.ts';
import { readEnvironment } from '../../store/read/environments.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/environments/:environment` → EnvironmentView. */
export function showEnvironment({ store, views }: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/environments/:environment',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'environment');
      const environment = await readEnvironment(store.db, id, views);
      if (environment === null) throw new Problem('not_found', { what: 'environment', id });
      response.json(environment);
    },
  });
}
