import { createServer, type Server } from 'node:http';
import type { Express } from 'express';
import { TIMES } from '../../config/times.ts';

export interface RequestTimes {
  /** For the head of a request. */
  readonly headMs: number;
  /** For all of it. */
  readonly requestMs: number;
  /** How often connections are looked at that may have taken longer. */
  readonly lookMs: number;
  /** For a connection on which nothing moves, in either direction. */
  readonly idleMs: number;
}

const REQUEST_TIMES: RequestTimes = {
  headMs: TIMES.requestHead,
  requestMs: TIMES.request,
  lookMs: 5_000,
  idleMs: TIMES.idleConnection,
};

/**
 * The HTTP server of an app, not listening yet. Whoever sends a request too slowly is answered 408 and cut off;
 * whoever takes nothing of an answer is cut off.
 */
export function createHttpServer(app: Express, times = REQUEST_TIMES): Server {
  const server = createServer(
    {
      headersTimeout: times.headMs,
      requestTimeout: times.requestMs,
      connectionsCheckingInterval: times.lookMs,
    },
    (request, response) => void app(request, response),
  );
  return server.setTimeout(times.idleMs);
}
