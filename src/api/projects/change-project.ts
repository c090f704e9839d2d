import { z } from 'zod';
import { PROJECT_PATTERN } from '../../core/project-path.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject, findProject } from './find-project.ts';

const body = z.object({
  defaultBranch: z.string().min(1).max(250).optional(),
  /** Null removes it. */
  token: z.string().min(1).max(4_096).nullish(),
  /** Projects that may include its files, by path, folder (`shop/*`) or all (`*`); an empty list: none. */
  sharedWith: z
    .array(z.string().regex(PROJECT_PATTERN, 'is not like shop/web, shop/* or *'))
    .max(100)
    .optional(),
});

/** `PATCH /api/v1/projects/:project {defaultBranch?, token?, sharedWith?}` → ProjectView. */
export function changeProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'patch',
    path: '/api/v1/projects/:project',
    access: 'admin',
    audit: 'project.change',
    handle: async (request, response) => {
      const { id } = await aboutProject(deps, request);
      await deps.projects.change(id, readBodyOf(request, body), auditOf(request).done);
      response.json(await findProject(deps, request));
    },
  });
}
