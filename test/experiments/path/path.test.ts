import { expect, test } from 'vitest';
import { runPathRounds } from './run-rounds.ts';

/* The short form of `npm run chaos`: real builds and deployments, a fault in each round. */
test('no fault loses a push, a byte of a log or a request, and nothing is left of it', async () => {
  const faults = [
    { victim: 'server', fault: 'kill' },
    { victim: 'worker', fault: 'kill' },
    { victim: 'redis', fault: 'flush' },
    { victim: 'registry', fault: 'cut' },
  ] as const;
  const rounds = await runPathRounds({ rounds: faults.length, seed: 4, faults });
  expect(rounds.map(({ problems }) => problems)).toEqual(faults.map(() => []));
  expect(rounds.map(({ victim }) => victim)).toEqual(faults.map(({ victim }) => victim));
}, 400_000);
