import fc from 'fast-check';
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

test('agrees with the distance that is worked out in full', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(word, word, (seen, known) => {
      const allowed = seen.length <= 4 ? 1 : 2;
      expect(didYouMean(seen, [known])).toBe(wholeDistance(seen, known) <= allowed ? known : null);
    }),
    { numRuns: 5_000 },
  );
});

/** Optimal string alignment by its definition. */
function wholeDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [x, y] = [a.slice(0, -1), b.slice(0, -1)];
  const off = [
    wholeDistance(x, b) + 1,
    wholeDistance(a, y) + 1,
    wholeDistance(x, y) + (a.at(-1) === b.at(-1) ? 0 : 1),
  ];
  const isSwapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1);
  return Math.min(...off, ...(isSwapped ? [wholeDistance(a.slice(0, -2), b.slice(0, -2)) + 1] : []));
}
