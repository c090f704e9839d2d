import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject } from './find-project.ts';

/** `DELETE /api/v1/projects/:project/secrets/:name` → 204. */
export function removeSecret(deps: Pick<AppDeps, 'secrets' | 'store' | 'views'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/projects/:project/secrets/:name',
    access: 'admin',
    audit: 'secret.remove',
    handle: async (request, response) => {
      const { id, path } = await aboutProject(deps, request);
      const name = readParam(request, 'name');
      const audit = auditOf(request);
      // Until it is found: who means the name may have pasted the value.
      audit.about({ kind: 'secret', id, name: path });
      await deps.secrets.removeProjectSecret(id, name, (tx) =>
        audit.done(tx, { id, name: `${path}/${name}` }),
      );
      response.status(204).end();
    },
  });
}
