import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createRounds } from '../../../src/core/rounds.ts';

it('makes a round for a wake at any moment, also at the one at which the last has just ended', async () => {
  for (let turns = 0; turns < 12; turns += 1) {
    let made = 0;
    const rounds = createRounds(async () => void (made += 1));
    rounds.wake();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    rounds.wake();
    await nextTurn();
    expect(made, `after ${turns} turns`).toBe(2);
    expect(rounds.isIdle()).toBe(true);
  }
});

it('makes one round for many wakes during another, and is idle after it', async () => {
  let made = 0;
  const rounds = createRounds(async () => {
    made += 1;
    await nextTurn();
  });
  for (let wakes = 0; wakes < 5; wakes += 1) rounds.wake();
  expect(rounds.isIdle()).toBe(false);
  await rounds.idle();
  expect(made).toBe(2);
  expect(rounds.isIdle()).toBe(true);
});
