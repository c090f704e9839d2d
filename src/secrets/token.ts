import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a token is for; it is also the token's prefix, so that a leaked one is recognised. */
export type TokenKind = 'admin' | 'session' | 'worker';

/** A new token: `slipway_<kind>_` and 256 random bits in base64url. Only its hash is ever stored. */
export function newToken(kind: TokenKind): string {
  return `slipway_${kind}_${randomBytes(32).toString('base64url')}`;
}

/** Whether a token says that it is of `kind`; nothing more is known of it by that. */
export function isOfKind(kind: TokenKind, token: string): boolean {
  return token.startsWith(`slipway_${kind}_`);
}

/** What is stored of a token: sha256 in hex. A slow hash is not needed for 256 random bits. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Whether two hashes are the same, in constant time. */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
