import { defineConfig } from 'vitest/config';

const globalSetup = ['test/support/with-parts.ts'];
const timeouts = { testTimeout: 60_000, hookTimeout: 120_000 };

/**
 * `unit` is pure and quick. Everything else uses real parts, started once a run by
 * `test/support/with-parts.ts`; see CONTRIBUTING.md.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...timeouts } },
      {
        test: {
          name: 'real',
          include: ['test/{parts,store,engine,registry,router,scenarios,experiments}/**/*.test.ts'],
          globalSetup,
          fileParallelism: false,
          ...timeouts,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup,
          fileParallelism: false,
          ...timeouts,
        },
      },
    ],
  },
});
