import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject, findProject } from './find-project.ts';

/** Null or absent: as the server's GitHub App. */
const body = z.object({ token: z.string().min(1).max(4_096).nullish() });

/**
 * `PUT /api/v1/projects/:project/connection {token?}` → ProjectView: its Git host is told of builds and deployments.
 * The token is tried first, and never told again.
 */
export function connectProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'put',
    path: '/api/v1/projects/:project/connection',
    access: 'admin',
    audit: 'project.connect',
    handle: async (request, response) => {
      const { id } = await aboutProject(deps, request);
      await deps.projects.connect(id, readBodyOf(request, body).token ?? null, auditOf(request).done);
      response.json(await findProject(deps, request));
    },
  });
}
