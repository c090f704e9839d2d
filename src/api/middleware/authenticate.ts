import type { Request, RequestHandler } from 'express';
import type { AppDeps } from '../deps.ts';
import { setPrincipal, type Principal } from '../principal.ts';
import type { FoundToken } from '../../secrets/access-tokens.ts';
import { hashToken, isOfKind } from '../../secrets/token.ts';
import { readSessionCookie } from '../session/cookie.ts';

type Deps = Pick<AppDeps, 'tokens' | 'builds'> & {
  readonly settings: Pick<AppDeps['settings'], 'publicUrl'>;
};

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

async function prove({ tokens, builds, settings }: Deps, request: Request): Promise<Principal | null> {
  if (request.headers.authorization === undefined) {
    const session = readSessionCookie(request, settings.publicUrl);
    return session === null ? null : adminOf(await tokens.find(session), 'session');
  }
  const token = bearerOf(request);
  if (token === null) return null;
  if (isOfKind('admin', token)) return adminOf(await tokens.find(token), 'admin');
  const worker = await builds.findWorker(hashToken(token));
  return worker === null ? null : { kind: 'worker', workerId: worker.id, name: worker.name };
}

/** A session is good in its cookie only, an admin token in the header only. */
function adminOf(found: FoundToken | null, kind: FoundToken['kind']): Principal | null {
  if (found?.kind !== kind) return null;
  const { id: tokenId, adminId, name, expiresAtMs } = found;
  return { kind: 'admin', name, via: kind === 'admin' ? 'bearer' : 'cookie', tokenId, adminId, expiresAtMs };
}
