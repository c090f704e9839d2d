import type { Page } from '../../core/views/page.ts';
import type { ProjectView } from '../../core/views/project-view.ts';
import { readProjects } from '../../store/read/projects.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/projects` → Page of ProjectView, all on one page. */
export function listProjects({ store, views }: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/projects',
    access: 'admin',
    handle: async (_request, response) => {
      const page: Page<ProjectView> = { items: await readProjects(store.db, views), next: null };
      response.json(page);
    },
  });
}
