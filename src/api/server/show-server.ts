import type { ServerView } from '../../core/views/server-view.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/server` → ServerView. */
export function showServer({ whyPaused }: Pick<AppDeps, 'whyPaused'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/server',
    access: 'admin',
    handle: (_request, response) => {
      const view: ServerView = { paused: whyPaused() };
      response.json(view);
    },
  });
}
