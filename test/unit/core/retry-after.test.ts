import { expect, test } from 'vitest';
import { readRetryAfter } from '../../../src/core/retry-after.ts';

test('reads Retry-After in seconds and as a date, and nothing else', () => {
  expect(readRetryAfter('2')).toBe(2_000);
  expect(readRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:28:00Z'))).toBe(10_000);
  expect(readRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:29:00Z'))).toBe(0);
  expect([readRetryAfter('soon'), readRetryAfter(''), readRetryAfter(null)]).toEqual([null, null, null]);
});
