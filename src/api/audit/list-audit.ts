import { z } from 'zod';
import { AUDIT_ACTIONS, type AuditAction } from '../../core/audit.ts';
import { readAudit } from '../../store/read/audit.ts';
import type { AppDeps } from '../deps.ts';
import { pageQuery } from '../page-query.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const TIME_WRONG = 'is not a time in milliseconds since 1970';
/** The last that an id can tell: 48 bits. */
const timeMs = z.coerce
  .number(TIME_WRONG)
  .int(TIME_WRONG)
  .min(0, TIME_WRONG)
  .max(2 ** 48 - 1, TIME_WRONG);
const ACTIONS = Object.keys(AUDIT_ACTIONS) as [AuditAction, ...AuditAction[]];

const query = pageQuery.extend({
  action: z.enum(ACTIONS, 'is not an action of the audit log').optional(),
  actor: z.string().max(256).optional(),
  subject: z.string().max(512).optional(),
  since: timeMs.optional(),
  until: timeMs.optional(),
});

/**
 * `GET /api/v1/audit?action=&actor=&subject=&since=&until=&before=&limit=` → Page of AuditEntryView, newest first.
 * `actor` is an id or a name, `subject` an id or the beginning of a name; `since` (included) and `until` are epoch ms.
 */
export function listAudit({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const { before = null, limit, ...filter } = readQueryOf(request, query);
      response.json(await readAudit(store.db, filter, { before, limit }));
    },
  });
}
