import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { ownerOfAddress } from './address-owner.ts';
import { sessionCookieName, sessionCookieOptions } from './cookie.ts';
import { createRateLimit } from './rate-limit.ts';

const body = z.object({ token: z.string().min(1).max(512) });
const FAILURES_A_MINUTE = 10;

/** `POST /api/v1/session {token}`: an admin token becomes a session cookie. Failures are limited by address. */
export function signIn({ tokens, settings, clock }: Pick<AppDeps, 'tokens' | 'settings' | 'clock'>): Route {
  const failures = createRateLimit({ most: FAILURES_A_MINUTE, withinMs: 60_000, clock });
  return route({
    method: 'post',
    path: '/api/v1/session',
    access: 'public',
    audit: 'session.begin',
    handle: async (request, response) => {
      const { token } = readBodyOf(request, body);
      const from = ownerOfAddress(request.ip);
      const seconds = failures.take(from);
      if (seconds > 0) throw new Problem('rate_limited', { seconds });
      const found = await tokens.find(token);
      if (found?.kind !== 'admin') throw new Problem('token_wrong');
      failures.giveBack(from);
      const audit = auditOf(request);
      audit.by({ kind: 'admin', id: found.adminId, name: found.name, via: 'token' });
      const session = await tokens.startSession(found.id, audit.done);
      response.cookie(sessionCookieName(settings.publicUrl), session.token, {
        ...sessionCookieOptions(settings.publicUrl),
        expires: new Date(session.expiresAtMs),
      });
      response.status(201).json({ name: found.name });
    },
  });
}
