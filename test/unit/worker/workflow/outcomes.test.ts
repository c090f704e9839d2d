import { expect, it } from 'vitest';
import type { Lease } from '../../../../worker/server/lease.ts';
import { unplanned } from '../../../../worker/workflow/outcomes.ts';

const lease = { signal: new AbortController().signal } as Lease;

it("names the worker's disk when it is full", () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, mkdir'), {
    code: 'ENOSPC',
    path: '/var/lib/slipway/checkouts/lea_1',
  });
  expect(unplanned(error, lease)).toEqual({
    status: 'error',
    reason: 'The disk that holds /var/lib/slipway/checkouts is full.',
    exitCode: null,
  });
});

it('tells what was thrown in its own words otherwise', () => {
  expect(unplanned(new Error('the engine hiccuped'), lease)).toMatchObject({ reason: 'the engine hiccuped' });
  expect(unplanned('a word', lease)).toMatchObject({ status: 'error', reason: 'a word' });
});
