/** A server that dies when it plans: `node die-planning.ts <database>` takes up builds without a plan, and ends when none is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { createBuilds } from '../../../src/builds/index.ts';
import { createIntake } from '../../../src/intake/database-intake.ts';
import type { IntakeDeps } from '../../../src/intake/intake-deps.ts';
import { systemClock as clock } from '../../../src/ports/clock.ts';
import type { CommitPlace } from '../../../src/ports/repositories.ts';
import { openStore } from '../../../src/store/open-store.ts';

const store = await openStore(process.argv[2] ?? '');
const builds = createBuilds({
  ...{ store, clock, registry: null, variables: () => ({}), onError: () => undefined },
  logs: { state: () => Promise.resolve({ lines: 0, bytes: 0, sealed: false }) },
  secrets: { forLease: () => Promise.resolve({ values: {}, registries: {} }) },
  router: { name: 'test', backends: 4, appRange: '10.213.0.0/24' },
});
const author = { name: 'Ada', email: 'ada@example.com' };
const mirrors = {
  async read({ remote }: CommitPlace) {
    if (remote.url.includes('/slow')) {
      await sleep(1_000);
      return {
        info: { message: '[skip ci]', author, committedAtMs: null },
        files: [null, null],
        changes: null,
      };
    }
    // Whatever a file does to its planner: the process is gone.
    await sleep(200);
    return process.kill(process.pid, 'SIGKILL');
  },
};
const intake = createIntake({
  ...{ store, builds, clock, log: pino({ level: 'silent' }) },
  secrets: { cloneCredentials: () => Promise.resolve(null) },
  settings: { publicUrl: 'https://ci.test', version: '0.0.0' },
  mirrors,
} as unknown as IntakeDeps);
intake.start();
await intake.idle();
await store.close();
