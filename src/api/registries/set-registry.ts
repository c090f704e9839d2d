import { z } from 'zod';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({ username: z.string().min(1).max(256), password: z.string() });

/** `PUT /api/v1/registries/:host {username, password}` → 204. */
export function setRegistry({ secrets }: Pick<AppDeps, 'secrets'>): Route {
  return route({
    method: 'put',
    path: '/api/v1/registries/:host',
    access: 'admin',
    handle: async (request, response) => {
      await secrets.setRegistryLogin(readParam(request, 'host'), readBodyOf(request, body));
      response.status(204).end();
    },
  });
}
