import { Problem } from '../../core/problem.ts';
import { readBuild } from '../../store/read/builds.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/builds/:build` → BuildView. */
export function showBuild({ store, views }: Pick<AppDeps, 'store' | 'views'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/builds/:build',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const build = await readBuild(store.db, id, views);
      if (build === null) throw new Problem('not_found', { what: 'build', id });
      response.json(build);
    },
  });
}
