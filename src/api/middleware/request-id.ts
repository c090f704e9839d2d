import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';

const ids = new WeakMap<Request, string>();

/** Gives each request an id of ours and tells it in `X-Request-Id`; one that came along is not believed. */
export function giveRequestId(): RequestHandler {
  return function requestId(request, response, next) {
    const id = randomUUID();
    ids.set(request, id);
    response.setHeader('x-request-id', id);
    next();
  };
}

/** The request's id, for log lines and the reference in an `internal` problem. */
export function requestIdOf(request: Request): string {
  return ids.get(request) ?? 'none';
}
