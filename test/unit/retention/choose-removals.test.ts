import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRemovals, SETTLED_MS } from '../../../src/retention/choose-removals.ts';
import type { KeepLimits, PastBuild } from '../../../src/retention/choose-removals.ts';

const DAY = 24 * 3_600_000;
const NOW = 1_000 * DAY;
const KEEP_ALL: KeepLimits = { buildsMs: null, buildsPerProject: null };

const build = (changes: Partial<PastBuild> = {}): PastBuild => ({
  id: 'bld',
  number: 1,
  newestNumber: 100,
  endedAtMs: NOW - 10 * DAY,
  inUse: false,
  logBytes: 1_000,
  ...changes,
});
const goes = (one: PastBuild, limits: Partial<KeepLimits>, excessLogBytes = 0): boolean =>
  chooseRemovals([one], { ...KEEP_ALL, ...limits }, { nowMs: NOW, excessLogBytes }).length === 1;

describe('a build goes', () => {
  it.each([
    ['when it ended longer ago than builds are kept', {}, { buildsMs: 9 * DAY }, 0, true],
    ['not while it is younger', {}, { buildsMs: 11 * DAY }, 0, false],
    [
      'when its project has as many newer ones as are kept',
      { number: 50 },
      { buildsPerProject: 50 },
      0,
      true,
    ],
    ['not as one of the newest', { number: 51 }, { buildsPerProject: 50 }, 0, false],
    ['while there are too many logs and it has some', {}, {}, 1, true],
    ['not for the room of logs that it has not', { logBytes: 0 }, {}, 1, false],
    ['not without bounds', {}, {}, 0, false],
    ['not before its end', { endedAtMs: null }, { buildsMs: 1, buildsPerProject: 1 }, 1, false],
    [
      'not within the hour after its end',
      { endedAtMs: NOW - SETTLED_MS + 1 },
      { buildsMs: 1, buildsPerProject: 1 },
      1,
      false,
    ],
    ['not while something stands on it', { inUse: true }, { buildsMs: 1, buildsPerProject: 1 }, 1, false],
  ] as const)('%s', (_, changes, limits, excess, expected) => {
    expect(goes(build(changes), limits, excess)).toBe(expected);
  });
});

const histories = fc
  .array(
    fc.record({
      project: fc.integer({ min: 0, max: 2 }),
      ageMs: fc.option(fc.integer({ min: 0, max: 30 * DAY }), { freq: 5 }),
      inUse: fc.boolean(),
      logBytes: fc.integer({ min: 0, max: 1_000 }),
    }),
    { maxLength: 60 },
  )
  .map((all) =>
    all.map(({ project, ageMs, ...one }, index): PastBuild => {
      const own = all.map((other, at) => ({ ...other, at })).filter((other) => other.project === project);
      return {
        ...one,
        id: String(index),
        number: own.filter(({ at }) => at <= index).length,
        newestNumber: own.length,
        endedAtMs: ageMs === null ? null : NOW - ageMs,
      };
    }),
  );
const someLimits = fc.record({
  buildsMs: fc.option(fc.integer({ min: DAY, max: 20 * DAY })),
  buildsPerProject: fc.option(fc.integer({ min: 1, max: 20 })),
});

it('of any history, what is protected stays, and of the rest only what is within the limits', () => {
  fc.assert(
    fc.property(histories, someLimits, fc.integer({ min: 0, max: 30_000 }), (all, limits, room) => {
      const total = all.reduce((sum, { logBytes }) => sum + logBytes, 0);
      const excessLogBytes = Math.max(0, total - room);
      const gone = new Set(chooseRemovals(all, limits, { nowMs: NOW, excessLogBytes }));
      const isProtected = ({ endedAtMs, inUse }: PastBuild): boolean =>
        inUse || endedAtMs === null || endedAtMs > NOW - SETTLED_MS;
      for (const one of gone) expect(isProtected(one)).toBe(false);

      const loose = all.filter((one) => !gone.has(one) && !isProtected(one));
      for (const { endedAtMs, number, newestNumber } of loose) {
        if (limits.buildsMs !== null) expect(endedAtMs).toBeGreaterThanOrEqual(NOW - limits.buildsMs);
        if (limits.buildsPerProject !== null)
          expect(newestNumber - number).toBeLessThan(limits.buildsPerProject);
      }
      const left = all.filter((one) => !gone.has(one)).reduce((sum, { logBytes }) => sum + logBytes, 0);
      expect(left <= room || loose.every(({ logBytes }) => logBytes === 0)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

it('for the room of logs the oldest go, and no more of them than it takes', () => {
  const all = [1, 2, 3, 4].map((number) => build({ id: String(number), number }));
  const gone = chooseRemovals(all, KEEP_ALL, { nowMs: NOW, excessLogBytes: 1_500 });
  expect(gone.map(({ id }) => id)).toEqual(['1', '2']);
});
