import { expect, test } from 'vitest';
import { didYouMean } from '../../../src/core/did-you-mean.ts';

const KNOWN = ['dockerfile', 'context', 'target', 'test_target', 'env', 'environment', 'when'];

test.each([
  ['dockerfil', 'dockerfile'],
  ['Dockerfile', 'dockerfile'],
  ['test-target', 'test_target'],
  ['tagret', 'target'],
  ['enviroment', 'environment'],
  ['wehn', 'when'],
  ['envv', 'env'],
])('takes %s for %s', (seen, meant) => expect(didYouMean(seen, KNOWN)).toBe(meant));

test.each(['', 'x', 'image', 'dog', 'x'.repeat(100_000)])('takes %s for nothing known', (seen) =>
  expect(didYouMean(seen, KNOWN)).toBeNull(),
);
