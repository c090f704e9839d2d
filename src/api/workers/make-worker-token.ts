import { z } from 'zod';
import { LABEL_NAME, LABEL_VALUE, MOST_LABELS } from '../../core/labels.ts';
import { hashToken, newToken } from '../../secrets/token.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'is not a name of a-z, 0-9, "." and "-"');
const labels = z
  .record(
    z.string().regex(LABEL_NAME, 'has a name that is not of a-z, 0-9, ".", "_", "-" and "/"'),
    z.string().regex(LABEL_VALUE, 'is not of A-Z, a-z, 0-9, ".", "_", "-" and "/"'),
  )
  .refine((all) => Object.keys(all).length <= MOST_LABELS, `are more than ${MOST_LABELS}`);
const body = z.object({
  name,
  routers: z.array(name).max(16).default([]),
  labels: labels.default({}),
});

/**
 * `POST /api/v1/workers/tokens {name, routers, labels}` → 201, `{workerId, token}`: seen this once; an earlier one of that
 * name ends. The worker gets deployments of these routers only, without any it builds; and it has no other labels.
 */
export function makeWorkerToken({ builds, queueAccess }: Pick<AppDeps, 'builds' | 'queueAccess'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/workers/tokens',
    access: 'admin',
    audit: 'worker.token',
    handle: async (request, response) => {
      const wanted = readBodyOf(request, body);
      const audit = auditOf(request);
      audit.about({ kind: 'worker', id: null, name: wanted.name });
      const token = newToken('worker');
      const { workerId } = await builds.setWorkerToken(
        wanted.name,
        hashToken(token),
        { routers: wanted.routers, labels: wanted.labels },
        audit.done,
      );
      await queueAccess.expel(workerId);
      response.status(201).json({ workerId, token });
    },
  });
}
