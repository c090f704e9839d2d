import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `DELETE /api/v1/tokens/:token` → 204, by id or name: it and its sessions end at once; 409 for the last one. */
export function revokeToken({ tokens }: Pick<AppDeps, 'tokens'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/tokens/:token',
    access: 'admin',
    handle: async (request, response) => {
      await tokens.revoke(readParam(request, 'token'));
      response.status(204).end();
    },
  });
}
