import { defineConfig } from 'vitest/config';

const globalSetup = ['test/support/with-parts.ts'];
/** Machines are shared: a test that fails is tried once more, and the output names it with `(retry x1)`. */
const patience = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 10_000 } },
  retry: 1,
};

/**
 * `unit` is pure and quick. Everything else uses real parts, started once a run by
 * `test/support/with-parts.ts`; see CONTRIBUTING.md.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...patience } },
      {
        test: {
          name: 'real',
          include: ['test/{parts,store,engine,registry,router,scenarios,experiments}/**/*.test.ts'],
          globalSetup,
          fileParallelism: false,
          ...patience,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup,
          fileParallelism: false,
          ...patience,
        },
      },
    ],
  },
});
