import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import { environmentSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({ deployment: z.string().max(64).nullish() });

/**
 * `POST /api/v1/environments/:environment/rollback {deployment?}` → 201, `{id}` of the deployment: the release of
 * that earlier deployment again, or of the one the page offers; never a rebuild.
 */
export function rollBack({ builds, store }: Pick<AppDeps, 'builds' | 'store'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/environments/:environment/rollback',
    access: 'admin',
    audit: 'environment.roll_back',
    handle: async (request, response) => {
      const id = readParam(request, 'environment');
      const audit = auditOf(request);
      audit.about(await environmentSubject(store.db, id));
      const { deployment = null } = readBodyOf(request, body);
      const { deploymentId } = await builds.rollBack(id, deployment, audit.done);
      response.status(201).json({ id: deploymentId });
    },
  });
}
