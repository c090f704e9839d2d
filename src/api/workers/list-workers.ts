import { readWorkers } from '../../store/read/workers.ts';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/workers` → Page of WorkerView, all on one page. */
export function listWorkers({ store, builds }: Pick<AppDeps, 'store' | 'builds'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/workers',
    access: 'admin',
    handle: async (_request, response) => {
      const items = await readWorkers(store.db, builds.connectedWorkers());
      response.json({ items, next: null });
    },
  });
}
