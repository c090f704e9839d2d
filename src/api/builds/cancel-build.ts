import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/builds/:build/cancel` → 202; 409 when it has ended. */
export function cancelBuild({ builds }: Pick<AppDeps, 'builds'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/builds/:build/cancel',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      await builds.cancelBuild(id, `cancelled by ${principalOf(request)?.name ?? 'a person'}`);
      response.status(202).json({ id });
    },
  });
}
