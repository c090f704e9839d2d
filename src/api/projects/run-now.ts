import { z } from 'zod';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject } from './find-project.ts';

const body = z.object({ branch: z.string().min(1).max(250).optional() });

/** `POST /api/v1/projects/:project/builds {branch?}` → 201, `{id, number}`: builds the branch's newest commit now. */
export function runNow(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/projects/:project/builds',
    access: 'admin',
    audit: 'build.start',
    handle: async (request, response) => {
      const project = await aboutProject(deps, request);
      const { branch = project.defaultBranch } = readBodyOf(request, body);
      const audit = auditOf(request);
      audit.about({ kind: 'build', id: null, name: project.path });
      const { buildId, number } = await deps.projects.runNow(project.id, branch, audit.done);
      response.status(201).json({ id: buildId, number });
    },
  });
}
