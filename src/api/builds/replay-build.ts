import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/builds/:build/replay` → ReplayView: what `slipway replay` runs again elsewhere; no value of a secret. */
export function replayBuild({ builds }: Pick<AppDeps, 'builds'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/builds/:build/replay',
    access: 'admin',
    handle: async (request, response) => response.json(await builds.replay(readParam(request, 'build'))),
  });
}
