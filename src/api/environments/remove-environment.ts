import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import { environmentSubject } from '../../store/read/audit-subjects.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({ volumes: z.array(z.string().max(64)).max(1_000).default([]) });

/**
 * `DELETE /api/v1/environments/:environment {volumes?}` → 202: from now on nothing is deployed to it, and the worker of its
 * router removes what there is. 409 `environment_busy` while a deployment runs.
 */
export function removeEnvironment({ builds, store }: Pick<AppDeps, 'builds' | 'store'>): Route {
  return route({
    method: 'delete',
    path: '/api/v1/environments/:environment',
    access: 'admin',
    audit: 'environment.remove',
    handle: async (request, response) => {
      const id = readParam(request, 'environment');
      const audit = auditOf(request);
      audit.about(await environmentSubject(store.db, id));
      const { volumes } = readBodyOf(request, body);
      await builds.removeEnvironment(id, volumes, audit.done);
      response.status(202).json({ id });
    },
  });
}
