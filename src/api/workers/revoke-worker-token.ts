import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `DELETE /api/v1/workers/:worker/token`, by name or id → 204: it is let in no more, and its leases are over. */
export function revokeWorkerToken({ builds, queueAccess }: Pick<AppDeps, 'builds' | 'queueAccess'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/workers/:worker/token',
    access: 'admin',
    audit: 'worker.revoke',
    handle: async (request, response) => {
      const audit = auditOf(request);
      // As for an admin token: named by what is found.
      audit.about({ kind: 'worker', id: null, name: null });
      const { workerId } = await builds.revokeWorkerToken(readParam(request, 'worker'), audit.done);
      await queueAccess.expel(workerId);
      response.status(204).end();
    },
  });
}
