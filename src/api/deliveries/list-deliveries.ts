import { readDeliveries } from '../../store/read/deliveries.ts';
import type { AppDeps } from '../deps.ts';
import { pageQuery } from '../page-query.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/deliveries?before=&limit=` → Page of DeliveryView, newest first. */
export function listDeliveries({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/deliveries',
    access: 'admin',
    query: pageQuery,
    handle: async (request, response) => {
      const { before = null, limit } = readQueryOf(request, pageQuery);
      response.json(await readDeliveries(store.db, { before, limit }));
    },
  });
}
