import { inject } from 'vitest';

/** The real parts of one run, shared by its test files. Faults need parts of the test's own. */
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
  /** Folder of the run, removed at its end. */
  readonly dir: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    parts: TestParts;
  }
}

/** The parts that `with-parts.ts` started before the first test. */
export const testParts = (): TestParts => inject('parts');

/** The /24 of that number, 0 to 254, in the run's own range; each test file that makes networks has numbers of its own. */
export const testNetwork = (number: number): string =>
  testParts().testNetworks.replace('.0.0/16', `.${number}.0/24`);
