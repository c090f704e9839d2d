import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const MOST_DAYS = 3_650;
const DAYS_WRONG = `is not a whole number from 1 to ${MOST_DAYS}`;

const body = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'is not a name of a-z, 0-9, "." and "-"'),
  /** Null or absent: until it is revoked. */
  expiresInDays: z.number(DAYS_WRONG).int(DAYS_WRONG).min(1, DAYS_WRONG).max(MOST_DAYS, DAYS_WRONG).nullish(),
});
const DAY_MS = 24 * 3_600_000;

/** `POST /api/v1/tokens {name, expiresInDays?}` → 201, `{id, name, token, expiresAtMs}`: the token is seen this once. */
export function makeToken({ tokens, clock }: Pick<AppDeps, 'tokens' | 'clock'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/tokens',
    access: 'admin',
    audit: 'token.make',
    handle: async (request, response) => {
      const { name, expiresInDays = null } = readBodyOf(request, body);
      const expiresAtMs = expiresInDays === null ? null : clock.nowMs() + expiresInDays * DAY_MS;
      const audit = auditOf(request);
      audit.about({ kind: 'token', id: null, name });
      const { id, token } = await tokens.make(name, expiresAtMs, audit.done);
      response.status(201).json({ id, name, token, expiresAtMs });
    },
  });
}
