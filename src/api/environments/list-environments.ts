import { z } from 'zod';
import { Problem } from '../../core/problem.ts';
import type { EnvironmentView } from '../../core/views/environment-view.ts';
import type { Page } from '../../core/views/page.ts';
import { readEnvironments } from '../../store/read/environments.ts';
import { readProject } from '../../store/read/projects.ts';
import type { AppDeps } from '../deps.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

const query = z.object({ project: z.string().max(256).optional() });

/** `GET /api/v1/environments?project=` → Page of EnvironmentView, all on one page. */
export function listEnvironments({ store, views }: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/environments',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const { project } = readQueryOf(request, query);
      const found = project === undefined ? null : await readProject(store.db, project, views);
      if (project !== undefined && found === null)
        throw new Problem('not_found', { what: 'project', id: project });
      const items = await readEnvironments(store.db, found?.id ?? null, views);
      const page: Page<EnvironmentView> = { items, next: null };
      response.json(page);
    },
  });
}
