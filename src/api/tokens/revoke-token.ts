import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `DELETE /api/v1/tokens/:token` → 204, by id or name: it and its sessions end at once; 409 for the last one. */
export function revokeToken({ tokens }: Pick<AppDeps, 'tokens'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/tokens/:token',
    access: 'admin',
    audit: 'token.revoke',
    handle: async (request, response) => {
      const audit = auditOf(request);
      // Named by what is found: who means the name may have pasted the token.
      audit.about({ kind: 'token', id: null, name: null });
      await tokens.revoke(readParam(request, 'token'), audit.done);
      response.status(204).end();
    },
  });
}
