import type { Request, RequestHandler } from 'express';
import { Problem } from '../../core/problem.ts';
import { principalOf } from '../principal.ts';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site makes a browser send (CSRF): every change by cookie, and every sign-in, must come
 * from this very origin, as the browser itself says it in `Sec-Fetch-Site` or `Origin`. A token in a header
 * cannot be sent by another site, so those are not looked at.
 */
export function demandSameOrigin(publicUrl: string): RequestHandler {
  const own = new URL(publicUrl);
  return function sameOrigin(request, _response, next) {
    if (READING.has(request.method) || request.headers.authorization !== undefined) return next();
    const site = request.headers['sec-fetch-site'];
    const origin = request.headers.origin;
    if (site !== undefined ? site === 'same-origin' : isOwn(origin, request, own)) return next();
    const hasCookie = principalOf(request) !== null;
    if (!hasCookie && site === undefined && origin === undefined) return next();
    throw new Problem('origin_wrong', { origin: (origin ?? site ?? 'not told').slice(0, 200) });
  };
}

/** A page that came without TLS may have been changed on its way; where ours come with it, it is none of them. */
function isOwn(origin: string | undefined, request: Request, own: URL): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (own.protocol === 'https:' && protocol !== 'https:') return false;
  return host === own.host || host === request.headers.host;
}
