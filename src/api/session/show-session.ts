import { principalOf } from '../principal.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/session`: who is signed in; 401 for nobody. */
export function showSession(): Route {
  return route({
    method: 'get',
    path: '/api/v1/session',
    access: 'admin',
    handle: (request, response) => response.json({ name: principalOf(request)?.name ?? '' }),
  });
}
