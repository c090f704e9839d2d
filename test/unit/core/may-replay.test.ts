import { expect, it } from 'vitest';
import { mayReplay } from '../../../src/core/may-replay.ts';

it.each([
  { outcome: 'failed', buildIds: [], may: true },
  { outcome: 'ignored', buildIds: [], may: true },
  { outcome: 'received', buildIds: [], may: false },
  { outcome: 'built', buildIds: ['bld_1'], may: false },
  { outcome: 'blocked', buildIds: ['bld_1'], may: false },
] as const)('a delivery that is $outcome can be worked on again: $may', ({ may, ...delivery }) => {
  expect(mayReplay(delivery)).toBe(may);
});
