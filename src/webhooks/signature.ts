import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whether `header` has the form of a signature: `sha256=` and 64 hex digits. */
export function isSignature(header: string): boolean {
  return FORM.test(header);
}

const FORM = /^sha256=([0-9a-f]{64})$/i;

/**
 * Whether `header` (`sha256=` and 64 hex digits) is the HMAC SHA-256 of `body` under one of `secrets`.
 * Every secret is tried, so the time tells neither which one matched nor how close a guess was.
 */
export function hasValidSignature(
  header: string,
  body: readonly Uint8Array[],
  secrets: readonly string[],
): boolean {
  const hex = FORM.exec(header)?.[1];
  if (hex === undefined) return false;
  const seen = Buffer.from(hex, 'hex');
  let matches = false;
  for (const secret of secrets) {
    if (secret === '') continue;
    const hmac = createHmac('sha256', secret);
    for (const part of body) hmac.update(part);
    if (timingSafeEqual(hmac.digest(), seen)) matches = true;
  }
  return matches;
}

/** Signs a body as GitHub does; for tests and for a delivery that we replay. */
export function sign(body: Uint8Array | string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
