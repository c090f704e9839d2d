import type { RequestHandler } from 'express';

/** Answers hold payloads, logs and, once, tokens: no browser and no proxy keeps one. */
export function forbidCaching(): RequestHandler {
  return function noStore(_request, response, next) {
    response.setHeader('cache-control', 'no-store');
    next();
  };
}
