import { z } from 'zod';
import { MOST_SHARED, PROJECT_PATTERN } from '../../core/project-path.ts';
import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readBodyOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { aboutProject, findProject } from './find-project.ts';

const patterns = z.array(z.string().regex(PROJECT_PATTERN, 'is not like shop/web, shop/* or *'));

const body = z.object({
  defaultBranch: z.string().min(1).max(250).optional(),
  /** Null removes it. */
  token: z.string().min(1).max(4_096).nullish(),
  /** Projects that may include its files, by path, folder (`shop/*`) or all (`*`); an empty list: none. */
  sharedWith: patterns.max(MOST_SHARED).optional(),
  /** Of these, some more, and some no longer: whatever the others are by then. */
  share: patterns.max(MOST_SHARED).optional(),
  unshare: patterns.max(MOST_SHARED).optional(),
});

/** `PATCH /api/v1/projects/:project {defaultBranch?, token?, sharedWith?, share?, unshare?}` → ProjectView. */
export function changeProject(deps: Pick<AppDeps, 'projects' | 'store' | 'views'>): Route {
  return route({
    method: 'patch',
    path: '/api/v1/projects/:project',
    access: 'admin',
    audit: 'project.change',
    handle: async (request, response) => {
      const { id } = await aboutProject(deps, request);
      const { sharedWith: set, share: add, unshare: remove, ...change } = readBodyOf(request, body);
      const isSharing = set !== undefined || add !== undefined || remove !== undefined;
      const sharing = isSharing ? { set, add, remove } : undefined;
      await deps.projects.change(id, { ...change, sharing }, auditOf(request).done);
      response.json(await findProject(deps, request));
    },
  });
}
