import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { readSessionCookie, sessionCookieName, sessionCookieOptions } from './cookie.ts';

/** `DELETE /api/v1/session`: ends the session of the cookie. */
export function signOut({ tokens, settings }: Pick<AppDeps, 'tokens' | 'settings'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/session',
    access: 'admin',
    audit: 'session.end',
    handle: async (request, response) => {
      const { publicUrl } = settings;
      const session = readSessionCookie(request, publicUrl);
      if (session !== null) await tokens.endSession(session, auditOf(request).done);
      response.clearCookie(sessionCookieName(publicUrl), sessionCookieOptions(publicUrl)).status(204).end();
    },
  });
}
