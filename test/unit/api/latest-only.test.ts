import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { latestOnly } from '../../../src/api/stream/latest-only.ts';

const throwError = (error: unknown): never => {
  throw error;
};

it('works on what changes at any moment, also at the one at which it has just done all', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    const seen: string[] = [];
    const mark = latestOnly(async (_topic, id) => void seen.push(id), throwError);
    mark('build', 'first');
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    mark('build', 'second');
    await nextTurn();
    expect(seen, `after ${turns} turns`).toEqual(['first', 'second']);
  }
});

it('works once on what changes again while it waits, one after the other', async () => {
  const seen: string[] = [];
  let [underWay, most] = [0, 0];
  const mark = latestOnly(async (topic, id) => {
    most = Math.max(most, (underWay += 1));
    await nextTurn();
    underWay -= 1;
    seen.push(`${topic} ${id}`);
  }, throwError);
  mark('build', '1');
  for (let again = 0; again < 3; again += 1) {
    mark('build', '2');
    mark('environment', '2');
  }
  await expect.poll(() => seen).toEqual(['build 1', 'build 2', 'environment 2']);
  await nextTurn();
  expect(seen).toHaveLength(3);
  expect(most).toBe(1);
});

it('goes on after a failure', async () => {
  const failed: unknown[] = [];
  const seen: string[] = [];
  const mark = latestOnly(
    async (_topic, id) => {
      if (id === 'bad') throw new Error('no such thing');
      seen.push(id);
    },
    (error) => failed.push(error),
  );
  for (const id of ['bad', 'good']) mark('build', id);
  await expect.poll(() => seen).toEqual(['good']);
  expect(failed).toHaveLength(1);
});
