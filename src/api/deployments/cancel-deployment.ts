import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/deployments/:deployment/cancel` → 202; 409 from its switch on. */
export function cancelDeployment({ builds }: Pick<AppDeps, 'builds'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/deployments/:deployment/cancel',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'deployment');
      await builds.cancelDeployment(id, `cancelled by ${principalOf(request)?.name ?? 'a person'}`);
      response.status(202).json({ id });
    },
  });
}
