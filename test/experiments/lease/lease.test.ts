import { describe, expect, it } from 'vitest';
import { FAULTS, runRounds } from './run-rounds.ts';

/** A tenth of the real times: a freeze still outlives a lease. */
const LEASE_MS = 1_500;

describe('lease, fence, acknowledge', () => {
  it(
    'gives each build one effect and a whole log through ten seeded rounds of faults',
    { timeout: 240_000 },
    async () => {
      const rounds = await runRounds({ rounds: 10, seed: 2, leaseMs: LEASE_MS, fence: true });
      expect(rounds.flatMap(({ problems }) => problems)).toEqual([]);
      const seen = new Set(rounds.map(({ victim, fault }) => `${victim} ${fault}`));
      expect(seen.size).toBe(FAULTS.length);
      expect(rounds.filter(({ hit }) => hit.length > 0).length).toBeGreaterThanOrEqual(7);
    },
  );

  it(
    'notices when the fence is taken out: a worker that was frozen goes on',
    { timeout: 240_000 },
    async () => {
      const rounds = await runRounds({
        rounds: 40,
        seed: 5,
        leaseMs: LEASE_MS,
        fence: false,
        faults: [{ victim: 'worker', fault: 'freeze' }],
        untilRed: true,
      });
      // What a fence is there to prevent: a second effect, or an end taken from an attempt that was over.
      expect(rounds.at(-1)?.problems.join('\n')).toMatch(/2 effects were accepted|was told that it is done/);
    },
  );
});
