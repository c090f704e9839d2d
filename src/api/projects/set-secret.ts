import { z } from 'zod';
import type { AppDeps } from '../deps.ts';
import { readBodyOf, readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

const body = z.object({ value: z.string() });

/** `PUT /api/v1/projects/:project/secrets/:name {value}` → 204; the value is never told again. */
export function setSecret(deps: Pick<AppDeps, 'secrets' | 'store' | 'views'>): Route {
  return route({
    method: 'put',
    path: '/api/v1/projects/:project/secrets/:name',
    access: 'admin',
    handle: async (request, response) => {
      const { id } = await findProject(deps, request);
      await deps.secrets.setProjectSecret(id, readParam(request, 'name'), readBodyOf(request, body).value);
      response.status(204).end();
    },
  });
}
