import type { CookieOptions, Request } from 'express';

/** Name of the session cookie. */
export const SESSION_COOKIE = 'slipway_session';

/** HttpOnly, SameSite=Strict, and Secure where the pages are opened by https. */
export function sessionCookieOptions(publicUrl: string): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', secure: publicUrl.startsWith('https:'), path: '/' };
}

/** The session token of a request; null when it has none. */
export function readSessionCookie(request: Request): string | null {
  const pair = (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${SESSION_COOKIE}=`));
  const token = pair?.slice(SESSION_COOKIE.length + 1) ?? '';
  return /^[\w-]{8,512}$/.test(token) ? token : null;
}
