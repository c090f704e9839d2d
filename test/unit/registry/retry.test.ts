import { expect, test } from 'vitest';
import { mayPass } from '../../../src/registry/retry.ts';

test('hopes for another answer after 429 and failures of the server, never after a refusal', () => {
  expect([408, 429, 500, 502, 503, 504].every(mayPass)).toBe(true);
  expect([400, 401, 403, 404, 405, 413, 501].some(mayPass)).toBe(false);
});
