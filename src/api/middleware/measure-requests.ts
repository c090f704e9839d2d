import type { RequestHandler } from 'express';
import type { Metrics } from '../../metrics/metrics.ts';

/** Counts each answer by its route; the values of parameters are no part of that. */
export function measureRequests(metrics: Pick<Metrics, 'answered'>): RequestHandler {
  return function measured(request, response, next) {
    const startedAt = performance.now();
    response.once('close', () => {
      const { path } = (request.route ?? {}) as { path?: unknown };
      metrics.answered({
        method: request.method,
        route: typeof path === 'string' ? path : null,
        status: response.statusCode,
        seconds: (performance.now() - startedAt) / 1_000,
      });
    });
    next();
  };
}
