import { z } from 'zod';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findProject } from './find-project.ts';

const body = z.object({ branch: z.string().min(1).max(250).optional() });

/** `POST /api/v1/projects/:project/builds {branch?}` → 201, `{id, number}`: builds the branch's newest commit now. */
export function runNow(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/projects/:project/builds',
    access: 'admin',
    handle: async (request, response) => {
      const project = await findProject(deps, request);
      const { branch = project.defaultBranch } = readBodyOf(request, body);
      const { buildId, number } = await deps.projects.runNow(project.id, branch);
      response.status(201).json({ id: buildId, number });
    },
  });
}
