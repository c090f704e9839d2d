import { expect, test } from 'vitest';
import { mayPass, readRetryAfter } from '../../../src/registry/retry.ts';

test('reads Retry-After in seconds and as a date, and nothing else', () => {
  expect(readRetryAfter('2')).toBe(2_000);
  expect(readRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:28:00Z'))).toBe(10_000);
  expect(readRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:29:00Z'))).toBe(0);
  expect([readRetryAfter('soon'), readRetryAfter(''), readRetryAfter(null)]).toEqual([null, null, null]);
});

test('hopes for another answer after 429 and failures of the server, never after a refusal', () => {
  expect([408, 429, 500, 502, 503, 504].every(mayPass)).toBe(true);
  expect([400, 401, 403, 404, 405, 413, 501].some(mayPass)).toBe(false);
});
