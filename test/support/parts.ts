import { inject } from 'vitest';

/** The real parts of one lane, used by one test file after the other. Faults need parts of the test's own. */
export interface TestParts {
  /** As DOCKER_HOST; the one that the environment names, else an engine of the run's own. */
  readonly dockerHost: string;
  /** Whether the engine is the run's own: nobody else's things are in it. */
  readonly ownEngine: boolean;
  /** As REDIS_URL. */
  readonly redisUrl: string;
  /** As SLIPWAY_REGISTRY; plain HTTP. */
  readonly registryHost: string;
  /** Absolute path, or null where there is none. */
  readonly chromium: string | null;
  /** Ranges that nothing else on this machine uses, /16 each. */
  readonly buildNetworks: string;
  readonly appNetwork: string;
  /** For networks that a test makes itself: see `testNetwork`. */
  readonly testNetworks: string;
  /** Folder of the lane, removed with the run. */
  readonly dir: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** One a lane. */
    parts: readonly TestParts[];
  }
}

/** The parts of this file's lane, which `with-parts.ts` started before the first test. */
export function testParts(): TestParts {
  const lanes = inject('parts');
  // vitest numbers what runs at the same time, from 1.
  const parts = lanes[(Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % lanes.length];
  if (parts === undefined) throw new Error('no real parts were started');
  return parts;
}

/** The /24 of that number, 0 to 254, in the lane's own range; each test file that makes networks has numbers of its own. */
export const testNetwork = (number: number): string =>
  testParts().testNetworks.replace('.0.0/16', `.${number}.0/24`);
