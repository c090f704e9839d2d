import { expect, it } from 'vitest';
import type { Lease } from '../../../../worker/server/lease.ts';
import { mayRunAgain, unplanned } from '../../../../worker/workflow/outcomes.ts';

const lease = { signal: new AbortController().signal } as Lease;

it("names the worker's disk when it is full", () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, mkdir'), {
    code: 'ENOSPC',
    path: '/var/lib/slipway/checkouts/lea_1',
  });
  expect(unplanned(error, lease)).toEqual({
    status: 'error',
    reason: 'The disk that holds /var/lib/slipway/checkouts is full.',
    code: 'disk_full',
    exitCode: null,
  });
});

it('tells what was thrown in its own words otherwise', () => {
  expect(unplanned(new Error('the engine hiccuped'), lease)).toMatchObject({
    reason: 'the engine hiccuped',
    code: 'work_broken',
  });
  expect(unplanned('a word', lease)).toMatchObject({ status: 'error', reason: 'a word' });
});

it('takes what did not end green for what may run again, but for what a newer build superseded', () => {
  const cancelled = (reason: string) => ({ kind: 'cancelled', reason }) as const;
  expect(mayRunAgain({ status: 'success' }, null)).toBe(false);
  expect(mayRunAgain({ status: 'failure' }, null)).toBe(true);
  expect(mayRunAgain({ status: 'cancelled' }, cancelled('cancelled by ada'))).toBe(true);
  for (const reason of ['superseded by #7', 'superseded: pull request #3 is at 0123456789'])
    expect(mayRunAgain({ status: 'cancelled' }, cancelled(reason))).toBe(false);
});
