import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { Problem } from '../../core/problem.ts';
import { dropRest } from '../drop-rest.ts';
import { requestIdOf } from './request-id.ts';

/** Too Many Requests, Service Unavailable: their `seconds` are a Retry-After (RFC 9110, 10.2.3). */
const AGAIN_LATER = new Set([429, 503]);

/**
 * Answers a thrown Problem as JSON; anything else is `internal`, logged once, here, with the reference that is told. Of
 * what others do not give (a Git host, a registry, room on a disk) the log has the message: that is foreseen, and no
 * stack says more.
 * A sender that hung up before the end of its body is no failure, and gets no answer.
 */
export function answerProblem(log: Logger): ErrorRequestHandler {
  return function problem(error: unknown, request, response, next) {
    if (request.destroyed && (!request.complete || isHangUp(error))) return;
    const known = toProblem(error);
    const subject = { requestId: requestIdOf(request), path: request.path.slice(0, 256) };
    if (known === null || known.http === 500) log.error({ err: error, ...subject }, 'request failed');
    else if (known.http > 500) log.warn({ code: known.code, ...subject }, known.message);
    if (response.headersSent) return next(error);
    const answer = known ?? new Problem('internal', { reference: requestIdOf(request) });
    if (AGAIN_LATER.has(answer.http) && answer.details['seconds'] !== undefined)
      response.setHeader('retry-after', String(answer.details['seconds']));
    response.status(answer.http).json(answer);
    dropRest(request);
  };
}

/** What was read of a body that had come, and not been read, when its sender hung up. */
function isHangUp(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' && message === 'aborted';
}

/** Also the failures of express's own parsers, which carry a `type` and a status. */
function toProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof URIError)
    return new Problem('request_wrong', { field: 'path', cause: 'is not URL-encoded' });
  const { type, status, limit } = error as { type?: string; status?: number; limit?: number };
  if (type === 'entity.too.large') return new Problem('body_too_large', { limit: limit ?? 0 });
  if (type === 'entity.parse.failed') return new Problem('json_wrong', { cause: 'it cannot be parsed' });
  if (type === 'encoding.unsupported') return new Problem('encoding_wrong', { encoding: 'unknown' });
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new Problem('request_wrong', { field: 'request', cause: type ?? 'it cannot be read' });
  return null;
}
