import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { Problem } from '../core/problem.ts';
import { principalOf } from './principal.ts';

/**
 * Who may call a route. `public`: everybody. `signature`: the handler checks the request's own signature first
 * (webhooks). `admin`: a signed-in person or an admin token. `worker`: a worker's token.
 */
export type AccessRule = 'public' | 'signature' | 'admin' | 'worker';

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Full path, e.g. `/api/v1/builds/:build/cancel`. */
  readonly path: string;
  readonly access: AccessRule;
  /** Answers, or throws a Problem (also by rejecting); what it returns is not looked at. */
  readonly handle: (request: Request, response: Response, next: NextFunction) => unknown;
}

/** Declares a route; each has a file of its own and says who may call it. */
export function route(definition: Route): Route {
  return definition;
}

const RULE = Symbol('access rule');
type RuledHandler = RequestHandler & { [RULE]?: AccessRule };

/** Adds the routes in their order. The guard of a route's rule stands in the same handler, so that neither is without the other. */
export function mountRoutes(app: Express, routes: readonly Route[]): void {
  for (const { method, path, access, handle } of routes) {
    const handler: RuledHandler = (request, response, next) => {
      demand(access, request);
      return handle(request, response, next);
    };
    handler[RULE] = access;
    app[method](path, handler);
  }
}

/** The rule that a handler of express's router was mounted with; undefined for any other handler. */
export function ruleOf(handler: unknown): AccessRule | undefined {
  return (handler as RuledHandler)[RULE];
}

/** @throws Problem `sign_in_needed`, `worker_token_wrong` without the needed token, `not_allowed` with another kind. */
function demand(access: AccessRule, request: Request): void {
  if (access === 'public' || access === 'signature') return;
  const principal = principalOf(request);
  if (principal?.kind === access) return;
  if (principal !== null) throw new Problem('not_allowed');
  throw new Problem(access === 'worker' ? 'worker_token_wrong' : 'sign_in_needed');
}
