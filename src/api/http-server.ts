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
}

const REQUEST_TIMES: RequestTimes = {
  headMs: TIMES.requestHead,
  requestMs: TIMES.request,
  lookMs: 5_000,
};

/** The HTTP server of an app, not listening yet. Whoever sends a request too slowly is answered 408 and cut off. */
export function createHttpServer(app: Express, times = REQUEST_TIMES): Server {
  return createServer(
    {
      headersTimeout: times.headMs,
      requestTimeout: times.requestMs,
      connectionsCheckingInterval: times.lookMs,
    },
    (request, response) => void app(request, response),
  );
}
