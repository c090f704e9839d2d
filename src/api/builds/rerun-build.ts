import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `POST /api/v1/builds/:build/rerun` → 201, `{id, number}` of the new build of the same commit. */
export function rerunBuild({ builds, intake }: Pick<AppDeps, 'builds' | 'intake'>): Route {
  return route({
    method: 'post',
    path: '/api/v1/builds/:build/rerun',
    access: 'admin',
    handle: async (request, response) => {
      const { buildId, number } = await builds.rerunBuild(readParam(request, 'build'));
      intake.planWaiting();
      response.status(201).json({ id: buildId, number });
    },
  });
}
