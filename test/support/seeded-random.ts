import { Random } from '../experiments/random.ts';

/** Numbers for one test file, from SLIPWAY_TEST_SEED, else of the moment; the seed is printed, so that a red run can be run again. */
export function seededRandom(): Random {
  const seed = Number(process.env['SLIPWAY_TEST_SEED'] ?? Date.now() % 1_000_000);
  console.info(`again with SLIPWAY_TEST_SEED=${seed}`);
  return new Random(seed);
}
