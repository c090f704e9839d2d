import fc from 'fast-check';
import { expect, test } from 'vitest';
import { divideFiles, withUnknown } from '../../../src/core/divide-files.ts';
import type { Division } from '../../../src/core/split.ts';

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 40 });
const times = fc.array(fc.option(fc.integer({ min: 0, max: 600_000 })), { minLength: 40, maxLength: 40 });
const count = fc.integer({ min: 2, max: 64 });

function durationsOf(files: readonly string[], known: readonly (number | null)[]): Map<string, number> {
  return new Map(
    files.flatMap((file, index) => {
      const ms = known[index] ?? null;
      return ms === null ? [] : [[file, ms] as const];
    }),
  );
}

const filesOf = (division: Division): readonly string[] => division.flatMap(({ files }) => files);

test('each file is in exactly one share, and none is empty where there are files enough', () => {
  fc.assert(
    fc.property(names, times, count, (files, known, shares) => {
      const division = divideFiles(files, durationsOf(files, known), shares);
      expect(division).toHaveLength(shares);
      expect([...filesOf(division)].sort()).toEqual([...files].sort());
      const empty = division.filter((share) => share.files.length === 0).length;
      expect(empty).toBe(Math.max(0, shares - files.length));
    }),
  );
});

test('the division is the same in whatever order the files come', () => {
  fc.assert(
    fc.property(names, times, count, fc.infiniteStream(fc.nat()), (files, known, shares, random) => {
      const durations = durationsOf(files, known);
      const places = new Map(files.map((file) => [file, random.next().value as number]));
      const shuffled = [...files].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
      expect(divideFiles(shuffled, new Map([...durations].reverse()), shares)).toEqual(
        divideFiles(files, durations, shares),
      );
    }),
  );
});

test('the longest share is within the bound of the best one: 4/3 - 1/(3 shares)', () => {
  const small = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(small, fc.integer({ min: 2, max: 4 }), (ms, shares) => {
      const files = ms.map((_, index) => `f${index}`);
      const division = divideFiles(files, durationsOf(files, ms), shares);
      const longest = Math.max(...division.map(({ expectedMs }) => expectedMs ?? 0));
      expect(longest).toBeLessThanOrEqual(best(ms, shares) * (4 / 3 - 1 / (3 * shares)) + 1e-9);
    }),
    { numRuns: 300 },
  );
});

/** What the longest share takes in the best of all divisions. */
function best(ms: readonly number[], shares: number, loads: readonly number[] = []): number {
  const [first, ...rest] = ms;
  if (first === undefined) return Math.max(...loads);
  const open = [...loads, ...(loads.length < shares ? [0] : [])];
  return Math.min(
    ...open.map((_, at) =>
      best(
        rest,
        shares,
        open.map((load, index) => (index === at ? load + first : load)),
      ),
    ),
  );
}

test('a file of unknown duration counts as the median of the known ones', () => {
  const durations = new Map([
    ['a', 100],
    ['b', 300],
    ['c', 9_000],
  ]);
  const division = divideFiles(['new', 'a', 'b', 'c'], durations, 2);
  expect(division).toEqual([
    { files: ['c'], expectedMs: 9_000 },
    { files: ['a', 'b', 'new'], expectedMs: 700 },
  ]);
});

test('where nothing is known, the shares get as many files each', () => {
  const files = Array.from({ length: 10 }, (_, index) => `f${index}`);
  const division = divideFiles(files, new Map([['other', 5]]), 4);
  expect(division.map((share) => share.files.length)).toEqual([3, 3, 2, 2]);
  expect(division.every(({ expectedMs }) => expectedMs === null)).toBe(true);
});

test('files that came since go to a share that runs, and those that were divided stay', () => {
  const division: Division = [
    { files: ['a'], expectedMs: null },
    { files: ['c'], expectedMs: null },
  ];
  expect(withUnknown(division, ['a', 'b', 'c', 'd'], (share) => share === 1)).toEqual([
    { files: ['a'], expectedMs: null },
    { files: ['b', 'c', 'd'], expectedMs: null },
  ]);
  expect(withUnknown(division, ['a'], () => true)).toBe(division);
});
