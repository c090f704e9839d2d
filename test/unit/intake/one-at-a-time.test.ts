import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createOneAtATime } from '../../../src/intake/one-at-a-time.ts';

it('begins each when the one before is over, also by an error, and hands on how it was', async () => {
  const oneAtATime = createOneAtATime(60_000);
  const seen: string[] = [];
  const work = (name: string, outcome: () => string) =>
    oneAtATime(async () => {
      seen.push(`${name} begins`);
      await sleep(5);
      seen.push(`${name} ends`);
      return outcome();
    });
  const fails = (): never => {
    throw new Error('no');
  };
  const all = await Promise.allSettled([work('a', () => 'A'), work('b', fails), work('c', () => 'C')]);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(all.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual(['A', 'failed', 'C']);
});

it('lets nothing that hangs keep the next', async () => {
  const oneAtATime = createOneAtATime(20);
  const hung = Promise.withResolvers<string>();
  const first = oneAtATime(() => hung.promise);
  expect(await oneAtATime(() => Promise.resolve('second'))).toBe('second');
  hung.resolve('first');
  expect(await first).toBe('first');
});
