import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createTurns } from '../../../src/hosts/github/turns.ts';

const GAP_MS = 60;

it('has work of one key done in its order, one after the other, a gap between, and failed work as well', async () => {
  const turns = createTurns(GAP_MS);
  const begins: number[] = [];
  const done: string[] = [];
  const work = (name: string, takesMs: number) => async () => {
    begins.push(performance.now());
    await sleep(takesMs);
    done.push(name);
    if (name === 'fails') throw new Error(name);
    return name;
  };
  const all = [
    turns('key', work('slow', 3 * GAP_MS)),
    turns('key', work('fails', 0)),
    turns('key', work('last', 0)),
  ];
  const ends = await Promise.allSettled(all);
  expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason)))).toEqual([
    'slow',
    'Error: fails',
    'last',
  ]);
  expect(done).toEqual(['slow', 'fails', 'last']);
  const [first = 0, second = 0, third = 0] = begins;
  expect(second - first).toBeGreaterThan(3 * GAP_MS - 5);
  expect(third - second).toBeGreaterThan(GAP_MS - 5);
});

it('lets another key begin at once', async () => {
  const turns = createTurns(10_000);
  await turns('one', async () => undefined);
  expect(await turns('other', async () => 'at once')).toBe('at once');
});

it('takes no turn of who gives up while it waits, and holds nobody up for it', async () => {
  const turns = createTurns(GAP_MS);
  const begun: string[] = [];
  const first = turns('key', async () => sleep(2 * GAP_MS));
  const given = new AbortController();
  const second = turns('key', async () => void begun.push('second'), given.signal);
  const third = turns('key', async () => void begun.push('third'));
  given.abort(new Error('given up'));
  await expect(second).rejects.toThrow('given up');
  await Promise.all([first, third]);
  expect(begun).toEqual(['third']);
});
