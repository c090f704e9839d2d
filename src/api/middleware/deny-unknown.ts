import type { Request, RequestHandler } from 'express';
import { Problem } from '../../core/problem.ts';
import { principalOf, strangerProblem } from '../principal.ts';

/** What no route has answered: to a stranger every path under it needs a sign-in, so that none is told apart. */
export function denyUnknown(): RequestHandler {
  return function unknownPath(request) {
    if (principalOf(request) === null) throw strangerProblem(request);
    throw noPath(request);
  };
}

/** What no page has answered either. */
export function answerNotFound(): RequestHandler {
  return function notFound(request) {
    throw noPath(request);
  };
}

/** Names the whole path, also below where a router is mounted. */
function noPath({ baseUrl, path }: Request): Problem {
  return new Problem('not_found', { what: 'path', id: `${baseUrl}${path}`.slice(0, 200) });
}
