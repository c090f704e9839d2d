import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `DELETE /api/v1/registries/:host` → 204: its logins of either use. */
export function removeRegistry({ secrets }: Pick<AppDeps, 'secrets'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/registries/:host',
    access: 'admin',
    handle: async (request, response) => {
      await secrets.removeRegistryLogin(readParam(request, 'host'));
      response.status(204).end();
    },
  });
}
