import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `DELETE /api/v1/registries/:host` → 204: its logins of either use. */
export function removeRegistry({ secrets }: Pick<AppDeps, 'secrets'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/registries/:host',
    access: 'admin',
    audit: 'registry.remove',
    handle: async (request, response) => {
      const host = readParam(request, 'host');
      const audit = auditOf(request);
      audit.about({ kind: 'registry', id: null, name: null });
      await secrets.removeRegistryLogin(host, (tx) => audit.done(tx, { id: host, name: host }));
      response.status(204).end();
    },
  });
}
