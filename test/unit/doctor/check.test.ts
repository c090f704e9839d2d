import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Problem } from '../../../src/core/problem.ts';
import { ok, runChecks, type Check } from '../../../src/doctor/check.ts';
import { judge } from '../../../src/doctor/router.ts';

const check = (name: string, run: Check['run']): Check => ({ name, run });

it('each check has a result in time, in the order of the checks, whatever it waits for', async () => {
  const startedAt = performance.now();
  let wasEnded = false;
  const results = await runChecks(
    [
      check('never', (signal) => {
        signal.addEventListener('abort', () => (wasEnded = true));
        return new Promise(() => undefined);
      }),
      check('late', async () => {
        await sleep(20);
        return ok('there');
      }),
      check('broken', async () => Promise.reject(new Error('two\n  lines'))),
      check('refused', async () => {
        throw new Problem('schema_newer', { version: 9, known: 5 });
      }),
    ],
    200,
  );
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(results.map(({ name, verdict, says }) => ({ name, verdict, says }))).toEqual([
    { name: 'never', verdict: 'fail', says: 'no answer within 0.2 s' },
    { name: 'late', verdict: 'ok', says: 'there' },
    { name: 'broken', verdict: 'fail', says: 'two lines' },
    { name: 'refused', verdict: 'fail', says: 'The database has schema 9; this program knows up to 5.' },
  ]);
  expect(results.every(({ verdict, fix }) => (verdict === 'ok') === (fix === null))).toBe(true);
  expect(wasEnded).toBe(true);
});

it('a router is well, nearly full, full, or not as its files say', () => {
  const seen = { version: '2.6', differences: [], used: 3, declared: 256 };
  expect(judge(seen)).toEqual({ verdict: 'ok', says: 'HAProxy 2.6, 3 of 256 backends in use', fix: null });
  expect(judge({ ...seen, used: 231 }).verdict).toBe('warn');
  expect(judge({ ...seen, used: 256 }).verdict).toBe('fail');
  expect(judge({ ...seen, differences: ['a server is up'] })).toMatchObject({ verdict: 'warn' });
});
