import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';

/** `GET /metrics`: Prometheus' text format; a scraper sends an admin token as its `authorization`. */
export function showMetrics({ metrics }: Pick<AppDeps, 'metrics'>): Route {
  return route({
    method: 'get',
    path: '/metrics',
    access: 'admin',
    handle: async (_request, response) => {
      const text = await metrics.text();
      response.set('content-type', metrics.contentType).send(text);
    },
  });
}
