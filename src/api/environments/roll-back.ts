import { z } from 'zod';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const body = z.object({ deployment: z.string().max(64).nullish() });

/**
 * `POST /api/v1/environments/:environment/rollback {deployment?}` → 201, `{id}` of the deployment: the release of
 * that earlier deployment again, or of the one the page offers; never a rebuild.
 */
export function rollBack({ builds }: Pick<AppDeps, 'builds'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/environments/:environment/rollback',
    access: 'admin',
    handle: async (request, response) => {
      const { deployment = null } = readBodyOf(request, body);
      const { deploymentId } = await builds.rollBack(readParam(request, 'environment'), deployment);
      response.status(201).json({ id: deploymentId });
    },
  });
}
