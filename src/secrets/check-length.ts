import { Problem } from '../core/problem.ts';

const LEAST_BYTES = 4;
const MOST_BYTES = 65_536;

/** @throws Problem `secret_too_short` for what no log can mask, `request_wrong` for what is too long. */
export function checkLength(name: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes < LEAST_BYTES) throw new Problem('secret_too_short', { name });
  if (bytes > MOST_BYTES)
    throw new Problem('request_wrong', { field: name, cause: `is longer than ${MOST_BYTES} bytes` });
}
