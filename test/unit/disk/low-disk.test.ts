import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDiskWatch } from '../../../src/disk/disk-watch.ts';
import { lowMark, missingRoom, sizeText } from '../../../src/disk/low-disk.ts';
import { readDiskSpace } from '../../../src/disk/read-disk-space.ts';

const GIB = 1024 ** 3;
const disk = (freeBytes: number, totalBytes = 100 * GIB) => ({ totalBytes, freeBytes });

it.each([
  ['room enough', disk(2 * GIB), { bytes: 2 * GIB }, false, null],
  ['less than the mark', disk(2 * GIB - 1), { bytes: 2 * GIB }, false, 2.5 * GIB],
  ['the mark, but not the margin', disk(2.4 * GIB), { bytes: 2 * GIB }, true, 2.5 * GIB],
  ['the margin again', disk(2.5 * GIB), { bytes: 2 * GIB }, true, null],
  ['less than a share', disk(4 * GIB), { percent: 5 }, false, 6.25 * GIB],
  ['more than a share', disk(5 * GIB), { percent: 5 }, false, null],
  ['nothing, without a mark', disk(0), { bytes: 0 }, true, null],
] as const)('of a disk with %s', (_, space, low, wasLow, expected) => {
  expect(missingRoom(space, low, wasLow)).toBe(expected);
});

it('an empty disk always has room again, whatever share is to be free', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 99.99, noNaN: true }), (percent) => {
      expect(missingRoom(disk(100 * GIB), { percent }, true)).toBeNull();
    }),
  );
});

it.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024 ** 2, '1 MiB'],
  [2.5 * GIB, '2.5 GiB'],
])('writes %d as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

it('tells once that there is too little room, and once that there is enough again', async () => {
  let free: number | Error = 3 * GIB;
  const told: (string | null)[] = [];
  const errors: unknown[] = [];
  const watch = createDiskWatch({
    whose: "the server's disk",
    readSpace: async () => {
      if (free instanceof Error) throw free;
      return disk(free);
    },
    low: { bytes: 2 * GIB },
    onChange: (why) => told.push(why),
    onError: (error) => errors.push(error),
  });
  for (const next of [3 * GIB, GIB, 2.2 * GIB, new Error('no answer'), 0]) {
    free = next;
    await watch.look();
  }
  const why = "the server's disk has less than 2.5 GiB free";
  expect(told).toEqual([why]);
  expect(watch.whyPaused()).toBe(why);
  expect(errors).toHaveLength(1);
  free = 2.6 * GIB;
  await watch.look();
  expect(told).toEqual([why, null]);
  expect(watch.whyPaused()).toBeNull();
  expect(await watch.readRoom()).toEqual({ freeBytes: 2.6 * GIB, lowBytes: 2 * GIB });
  free = new Error('no answer');
  expect(await watch.readRoom()).toBeNull();
});

it('a share is a mark in whole bytes', () => {
  expect(lowMark(disk(0, 1_001), { percent: 50 })).toBe(500);
});

it('asks the file system of a folder', async () => {
  const { totalBytes, freeBytes } = await readDiskSpace('.');
  expect(totalBytes).toBeGreaterThan(freeBytes);
  expect(freeBytes).toBeGreaterThanOrEqual(0);
});
