import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /readyz`: 200 when all parts answer, 503 with the names of those that do not. */
export function ready({ notReady }: Pick<AppDeps, 'notReady'>): Route {
  return route({
    method: 'get',
    path: '/readyz',
    access: 'public',
    handle: async (_request, response) => {
      const missing = await notReady();
      response.status(missing.length === 0 ? 200 : 503).json({ ok: missing.length === 0, notReady: missing });
    },
  });
}
