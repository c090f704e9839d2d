import type { CookieOptions, Request } from 'express';

/**
 * Name of the session cookie. Where the pages come by https it has the prefix by which a browser takes it from this
 * very host only (RFC 6265bis, "The __Host- Prefix"): apps often live on neighbouring hosts, and could set another.
 */
export function sessionCookieName(publicUrl: string): string {
  return isSecure(publicUrl) ? '__Host-slipway_session' : 'slipway_session';
}

/** HttpOnly, SameSite=Strict, and Secure where the pages are opened by https. */
export function sessionCookieOptions(publicUrl: string): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', secure: isSecure(publicUrl), path: '/' };
}

/** The session token of a request; null when it has none. */
export function readSessionCookie(request: Request, publicUrl: string): string | null {
  const start = `${sessionCookieName(publicUrl)}=`;
  const pair = (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(start));
  const token = pair?.slice(start.length) ?? '';
  return /^[\w-]{8,512}$/.test(token) ? token : null;
}

function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith('https:');
}
