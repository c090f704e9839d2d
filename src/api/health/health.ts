import { route, type Route } from '../route.ts';

/** `GET /healthz`: the process answers. */
export function health(): Route {
  return route({
    method: 'get',
    path: '/healthz',
    access: 'public',
    handle: (_request, response) => response.json({ ok: true }),
  });
}
