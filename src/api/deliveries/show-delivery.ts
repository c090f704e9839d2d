import { Problem } from '../../core/problem.ts';
import { readDelivery, readDeliveryBody } from '../../store/read/deliveries.ts';
import type { AppDeps } from '../deps.ts';
import { readParam } from '../read-request.ts';
import { route, type Route } from '../route.ts';

/** `GET /api/v1/deliveries/:delivery` → DeliveryView with `body`, the payload as JSON. */
export function showDelivery({ store }: Pick<AppDeps, 'store'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/deliveries/:delivery',
    access: 'admin',
    handle: async (request, response) => {
      const id = readParam(request, 'delivery');
      const [delivery, body] = await Promise.all([
        readDelivery(store.db, id),
        readDeliveryBody(store.db, id),
      ]);
      if (delivery === null || body === null) throw new Problem('not_found', { what: 'delivery', id });
      // As it came: a payload may have more levels than JSON.stringify follows.
      response.type('json').send(`${JSON.stringify(delivery).slice(0, -1)},"body":${body}}`);
    },
  });
}
