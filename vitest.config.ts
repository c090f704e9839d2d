import { defineConfig } from 'vitest/config';
import { LANES } from './test/support/lanes.ts';
import { memoryFolder } from './test/support/memory-folder.ts';

/** Machines are shared: a test that fails is tried once more, and the output names it with `(retry x1)`. */
const patience = {
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 30_000 } },
  retry: 1,
};
const onParts = {
  globalSetup: ['test/support/with-parts.ts'],
  setupFiles: ['test/support/use-lane.ts'],
  ...patience,
};
/** No test changes a module's state for another: a process takes file after file, and each leaves it as it was. */
const inOneProcess = { isolate: false, setupFiles: ['test/support/leave-as-found.ts'] };
/** A quarter of the CPU time of the tests of the record went into fsync of files that are thrown away a moment later. */
const TEMPORARY = memoryFolder();
/** Files side by side, each lane with parts of its own: many of these tests wait for real times to pass. */
const inLanes = {
  ...onParts,
  ...inOneProcess,
  // In this order: what a lane sets is what a file finds.
  setupFiles: [...onParts.setupFiles, 'test/support/nothing-left.ts', ...inOneProcess.setupFiles],
  sequence: { groupOrder: 1, setupFiles: 'list' as const },
  maxWorkers: LANES,
};

/**
 * `unit` is pure and quick. Everything else uses real parts, started once a run by
 * `test/support/with-parts.ts`; see CONTRIBUTING.md.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          env: TEMPORARY === null ? {} : { TMPDIR: TEMPORARY },
          ...inOneProcess,
          ...patience,
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/{store,engine,registry,router,scenarios,experiments}/**/*.test.ts'],
          ...inLanes,
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...inLanes } },
      {
        test: {
          // What parts leave on the machine is looked at: nothing else may use it meanwhile.
          name: 'parts',
          include: ['test/parts/**/*.test.ts'],
          fileParallelism: false,
          ...onParts,
        },
      },
    ],
  },
});
