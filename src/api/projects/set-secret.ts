import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject } from './find-project.ts';

const body = z.object({ value: z.string() });

/** `PUT /api/v1/projects/:project/secrets/:name {value}` → 204; the value is never told again. */
export function setSecret(deps: Pick<AppDeps, 'secrets' | 'store' | 'views'>): Route {
  return route({
    method: 'put',
    path: '/api/v1/projects/:project/secrets/:name',
    access: 'admin',
    audit: 'secret.set',
    handle: async (request, response) => {
      const { id, path } = await aboutProject(deps, request);
      const name = readParam(request, 'name');
      const audit = auditOf(request);
      // Until it is kept: name and value may have changed places.
      audit.about({ kind: 'secret', id, name: path });
      await deps.secrets.setProjectSecret(id, name, readBodyOf(request, body).value, (tx) =>
        audit.done(tx, { id, name: `${path}/${name}` }),
      );
      response.status(204).end();
    },
  });
}
