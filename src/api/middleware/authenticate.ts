import type { Request, RequestHandler } from 'express';
import type { AppDeps } from '../deps.ts';
import { setPrincipal, type Principal } from '../principal.ts';
import { hashToken } from '../../secrets/token.ts';
import { readSessionCookie } from '../session/cookie.ts';

type Deps = Pick<AppDeps, 'tokens' | 'builds'>;

/**
 * Finds out who sends a request: `Authorization: Bearer …` (an admin's or a worker's token), else the session
 * cookie. A bearer token that is not known is not replaced by a cookie. It refuses nobody; the routes' rules do.
 */
export function authenticate(deps: Deps): RequestHandler {
  return async function authentication(request, _response, next) {
    const principal = await prove(deps, request);
    if (principal !== null) setPrincipal(request, principal);
    next();
  };
}

/** The bearer token of a request; null when there is none. */
export function bearerOf(request: Request): string | null {
  return /^Bearer ([\x21-\x7e]{8,512})$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

async function prove({ tokens, builds }: Deps, request: Request): Promise<Principal | null> {
  if (request.headers.authorization !== undefined) {
    const token = bearerOf(request);
    if (token === null) return null;
    const found = await tokens.find(token);
    if (found !== null) return { kind: 'admin', name: found.name, via: 'bearer' };
    const worker = await builds.findWorker(hashToken(token));
    return worker === null ? null : { kind: 'worker', workerId: worker.id, name: worker.name };
  }
  const session = readSessionCookie(request);
  const found = session === null ? null : await tokens.find(session);
  return found?.kind === 'session' ? { kind: 'admin', name: found.name, via: 'cookie' } : null;
}
