import express from 'express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { SIZES } from '../../config/times.ts';
import type { AuditAction } from '../core/audit.ts';
import { Problem } from '../core/problem.ts';
import { leaveTrail, type AuditDeps } from './audit-trail.ts';
import { principalOf, strangerProblem } from './principal.ts';
import { demandKnownKeys } from './read-request.ts';

/**
 * Who may call a route. `public`: everybody. `signature`: the handler checks the request's own signature first
 * (webhooks). `admin`: a signed-in person or an admin token. `worker`: a worker's token.
 */
export type AccessRule = 'public' | 'signature' | 'admin' | 'worker';

/**
 * What tells afterwards of a change that a route makes: the audit log under an action; the `delivery` that was kept;
 * the `history` of builds, deployments and routers, for what workers report; or `nothing`, where nothing is changed by
 * a request that has a body.
 */
export type AuditRule = AuditAction | 'delivery' | 'history' | 'nothing';

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Full path, e.g. `/api/v1/builds/:build/cancel`. */
  readonly path: string;
  readonly access: AccessRule;
  /** What its query may have; a route of the API without one takes none. */
  readonly query?: z.ZodObject;
  /** Every route but those of GET has one. */
  readonly audit?: AuditRule;
  /** Answers, or throws a Problem (also by rejecting); what it returns is not looked at. */
  readonly handle: (request: Request, response: Response, next: NextFunction) => unknown;
}

/** Declares a route; each has a file of its own and says who may call it. */
export function route(definition: Route): Route {
  return definition;
}

/** What a body of JSON may be long, by the rule of its route; 0: the handler reads the body itself. */
const JSON_BYTES: Readonly<Record<AccessRule, number>> = {
  public: SIZES.publicBody,
  signature: 0,
  admin: SIZES.apiBody,
  worker: 0,
};

const RULE = Symbol('rules');
type RuledHandler = RequestHandler & { [RULE]?: Rules };

/** What a route was mounted with. */
export interface Rules {
  readonly access: AccessRule;
  readonly audit: AuditRule | null;
}

/**
 * Adds the routes in their order. The guard of a route's rule stands in the same handler, so that neither is without
 * the other; not before it has let a request in is anything of its body read.
 */
export function mountRoutes(app: Express, routes: readonly Route[], deps: AuditDeps): void {
  for (const { method, path, access, query, audit = null, handle } of routes) {
    const keys = path.startsWith('/api/') ? Object.keys(query?.shape ?? {}) : null;
    const readJson = jsonReader(JSON_BYTES[access]);
    const answer = async (...[request, response, next]: Parameters<Route['handle']>): Promise<unknown> => {
      demand(access, request);
      if (keys !== null) demandKnownKeys(request, keys);
      await readJson(request, response);
      return handle(request, response, next);
    };
    const handler: RuledHandler =
      audit === null || audit === 'delivery' || audit === 'history' || audit === 'nothing'
        ? answer
        : (...call) => leaveTrail(deps, audit, call[0], () => answer(...call));
    handler[RULE] = { access, audit };
    app[method](path, handler);
  }
}

/** The rules that a handler of express's router was mounted with; undefined for any other handler. */
export function rulesOf(handler: unknown): Rules | undefined {
  return (handler as RuledHandler)[RULE];
}

function jsonReader(limit: number): (request: Request, response: Response) => Promise<void> {
  if (limit === 0) return () => Promise.resolve();
  const parse = express.json({ limit, inflate: false });
  return (request, response) =>
    new Promise((resolve, reject) =>
      parse(request, response, (error?: Error) => (error === undefined ? resolve() : reject(error))),
    );
}

/** @throws Problem `sign_in_needed`, `token_wrong`, `worker_token_wrong` without the needed token, `not_allowed` with another kind. */
function demand(access: AccessRule, request: Request): void {
  if (access === 'public' || access === 'signature') return;
  const principal = principalOf(request);
  if (principal?.kind === access) return;
  if (principal !== null) throw new Problem('not_allowed');
  throw access === 'worker' ? new Problem('worker_token_wrong') : strangerProblem(request);
}
