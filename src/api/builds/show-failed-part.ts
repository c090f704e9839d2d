import { Problem } from '../../core/problem.ts';
import { readFailedPart } from '../../store/read/failed-part.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/builds/:build/failed-part` → FailedPartView[]: what `POST …/rerun` with `only: failed` would run. */
export function showFailedPart({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/builds/:build/failed-part',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const parts = await readFailedPart(store.db, id);
      if (parts === null) throw new Problem('not_found', { what: 'build', id });
      response.json(parts);
    },
  });
}
