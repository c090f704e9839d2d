import { Problem } from '../../core/problem.ts';
import { readAttempts } from '../../store/read/attempts.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/builds/:build/attempts` → AttemptsView: the steps that were tried several times, in re-runs too. */
export function showAttempts({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/builds/:build/attempts',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'build');
      const attempts = await readAttempts(store.db, id);
      if (attempts === null) throw new Problem('not_found', { what: 'build', id });
      response.json(attempts);
    },
  });
}
