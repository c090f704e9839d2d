import { z } from 'zod';
import { LOGIN_USES } from '../../secrets/choose-logins.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({
  username: z.string().min(1).max(256),
  password: z.string(),
  use: z.enum(LOGIN_USES).default('push'),
});

/**
 * `PUT /api/v1/registries/:host {username, password, use}` → 204. `use` says who gets it: `push` (the default) those
 * that push there or name it, `pull` every build of an image.
 */
export function setRegistry({ secrets }: Pick<AppDeps, 'secrets'>): Route {
  return route({
    method: 'put',
    path: '/api/v1/registries/:host',
    access: 'admin',
    audit: 'registry.set',
    handle: async (request, response) => {
      const host = readParam(request, 'host');
      const audit = auditOf(request);
      audit.about({ kind: 'registry', id: null, name: null });
      await secrets.setRegistryLogin(host, readBodyOf(request, body), (tx) =>
        audit.done(tx, { id: host, name: host }),
      );
      response.status(204).end();
    },
  });
}
