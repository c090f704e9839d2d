import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { principalOf } from '../principal.ts';
import { requestIdOf } from './request-id.ts';

const FREQUENT = /^\/(?:worker\/|webhooks\/|healthz|readyz|assets\/)/;

const subjects = new WeakMap<Request, LogSubject>();

/** Whatever a request turns out to be about, for its log line. */
interface LogSubject {
  readonly deliveryId: string;
}

/** Has the line of a request name what it is about. */
export function nameInAccessLog(request: Request, subject: LogSubject): void {
  subjects.set(request, subject);
}

/**
 * One log line a request, when its answer is over: never a body, a header, a query or a token. What comes often
 * and went well is logged at `debug`.
 */
export function logAccess(log: Logger): RequestHandler {
  return function accessLog(request, response, next) {
    const startedAt = performance.now();
    const { path, ip: from } = request;
    response.once('close', () => {
      const principal = principalOf(request);
      const level = FREQUENT.test(path) && response.statusCode < 400 ? 'debug' : 'info';
      log[level](
        {
          requestId: requestIdOf(request),
          method: request.method,
          path: path.slice(0, 256),
          status: response.statusCode,
          ms: Math.round((performance.now() - startedAt) * 10) / 10,
          complete: response.writableFinished,
          from: from ?? null,
          by: principal === null ? null : `${principal.kind} ${principal.name}`,
          ...subjects.get(request),
        },
        'request',
      );
    });
    next();
  };
}
