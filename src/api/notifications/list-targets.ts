import type { NotificationTargetView } from '../../core/notification.ts';
import type { Page } from '../../core/views/page.ts';
import type { AppDeps } from '../deps.ts';
import { findProject } from '../projects/find-project.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/projects/:project/notifications` → Page of NotificationTargetView, all on one page. */
export function listTargets(deps: Pick<AppDeps, 'targets' | 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/projects/:project/notifications',
    access: 'admin',
    handle: async (request, response) => {
      const { id } = await findProject(deps, request);
      const page: Page<NotificationTargetView> = { items: await deps.targets.list(id), next: null };
      response.json(page);
    },
  });
}
