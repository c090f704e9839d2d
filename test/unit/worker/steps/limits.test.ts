import { expect, it } from 'vitest';
import { containerLimits } from '../../../../worker/steps/limits.ts';
import { STEP_SETTINGS } from '../../../../worker/steps/settings.ts';

const GIB = 1024 ** 3;

it('gives a step 4 GiB, but never more than half the machine', () => {
  expect(containerLimits({ memoryBytes: 32 * GIB }, STEP_SETTINGS).memoryBytes).toBe(4 * GIB);
  expect(containerLimits({ memoryBytes: 3 * GIB }, STEP_SETTINGS)).toEqual({
    memoryBytes: 1.5 * GIB,
    pids: 4_096,
    cpuShares: 512,
  });
});
