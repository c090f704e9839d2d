import { createHash } from 'node:crypto';

const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';

/** Seven letters and digits that nobody mistakes for each other; the same address gives the same code. */
export function shortCode(url) {
  const bytes = createHash('sha256').update(url).digest();
  return [...bytes.subarray(0, 7)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
