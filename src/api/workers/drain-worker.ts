import { auditOf } from '../audit-trail.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/**
 * `POST /api/v1/workers/:worker/drain` and `…/undrain`, by name or id → `{workerId}`: it gets nothing new until it is to
 * work again; what it runs ends.
 */
export function drainWorker(deps: Pick<AppDeps, 'builds'>): readonly Route[] {
  return [drainRoute(deps, 'drain'), drainRoute(deps, 'undrain')];
}

function drainRoute({ builds }: Pick<AppDeps, 'builds'>, verb: 'drain' | 'undrain'): Route {
  return route({
    method: 'post',
    path: `/api/v1/workers/:worker/${verb}`,
    access: 'admin',
    audit: `worker.${verb}`,
    handle: async (request, response) => {
      const worker = readParam(request, 'worker');
      const audit = auditOf(request);
      audit.about({ kind: 'worker', id: null, name: null });
      response.json(await builds.drainWorker(worker, verb === 'drain', audit.done));
    },
  });
}
