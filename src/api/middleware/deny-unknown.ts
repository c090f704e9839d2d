import type { RequestHandler } from 'express';
import { Problem } from '../../core/problem.ts';
import { principalOf } from '../principal.ts';

/** What no route has answered: to a stranger every path under it needs a sign-in, so that none is told apart. */
export function denyUnknown(): RequestHandler {
  return function unknownPath(request) {
    if (principalOf(request) === null) throw new Problem('sign_in_needed');
    throw new Problem('not_found', { what: 'path', id: request.path.slice(0, 200) });
  };
}

/** What no page has answered either. */
export function answerNotFound(): RequestHandler {
  return function notFound(request) {
    throw new Problem('not_found', { what: 'path', id: request.path.slice(0, 200) });
  };
}
