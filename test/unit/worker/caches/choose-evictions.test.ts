import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseEvictions, largestIn, type CacheEntry } from '../../../../worker/caches/choose-evictions.ts';

const entry = (id: string, space: string, bytes: number, usedMs: number): CacheEntry => ({
  ...{ id, space, list: space, bytes, usedMs },
});
const evictions = (bytes: number, entries: readonly CacheEntry[]) =>
  chooseEvictions(entries, { bytes, entries: 1_000, perList: 100 });
const idsOf = (entries: readonly CacheEntry[]) => entries.map(({ id }) => id).sort();

it('takes out those that were unused for longest, no more than is needed', () => {
  const entries = [
    entry('new', 'p.trusted', 40, 3),
    entry('old', 'p.trusted', 40, 1),
    entry('middle', 'p.trusted', 40, 2),
  ];
  expect(idsOf(evictions(120, entries))).toEqual([]);
  expect(idsOf(evictions(119, entries))).toEqual(['old']);
  expect(idsOf(evictions(79, entries))).toEqual(['middle', 'old']);
  expect(idsOf(evictions(0, entries))).toEqual(['middle', 'new', 'old']);
});

it('lets no pull request push out what the default branch has saved, however much it saves', () => {
  const trusted = entry('main', 'p.trusted', 60, 1);
  const flood = Array.from({ length: 50 }, (_, n) => entry(`flood-${n}`, 'p.fork-1', 20, 100 + n));
  const gone = evictions(100, [trusted, ...flood]);
  expect(gone).not.toContain(trusted);
  expect(gone).toHaveLength(48);
});

it.each([
  ['one that is larger than half of the room', [55]],
  ['the older of two, without which they have less than half', [30, 30]],
  ['what has just half of it', [20, 30]],
])('lets no pull request push out of what default branches have saved %s', (_, sizes) => {
  const trusted = sizes.map((bytes, n) => entry(`main-${n}`, `p${n}.trusted`, bytes, n));
  const flood = Array.from({ length: 9 }, (_, n) => entry(`flood-${n}`, 'p.fork-1', 10, 100 + n));
  const gone = evictions(100, [...trusted, ...flood]);
  expect(gone.filter(({ space }) => space.endsWith('.trusted'))).toEqual([]);
  expect(gone).not.toContain(flood.at(-1));
});

it('lets others push out what default branches have saved above their half, and has that go for their own', () => {
  const old = entry('old', 'p.trusted', 30, 1);
  const trusted = [old, entry('middle', 'q.trusted', 30, 2), entry('new', 'q.trusted', 20, 3)];
  const branch = entry('branch', 'p.branch-1', 40, 4);
  expect(evictions(100, [...trusted, branch])).toEqual([old]);
  const whole = entry('whole', 'p.trusted', 95, 1);
  expect(evictions(100, [whole, entry('main', 'q.trusted', 10, 5), branch])).toEqual([whole]);
});

it('keeps one of other branches that is as large as may be, and the newest of each list', () => {
  const large = entry('large', 'p.branch-1', largestIn('p.branch-1', 101), 5);
  expect(evictions(101, [large, entry('main', 'p.trusted', 50, 1)])).toEqual([]);
  expect(largestIn('p.trusted', 101)).toBe(101);
  const list = Array.from({ length: 103 }, (_, n) =>
    entry(`c-${String(n).padStart(3, '0')}`, 'p.trusted', 1, n),
  );
  const other = { ...entry('other', 'p.trusted', 1, -1), list: 'other' };
  expect(idsOf(evictions(1_000, [...list, other]))).toEqual(['c-000', 'c-001', 'c-002']);
});

it('leaves at most the room and half of it of what no default branch has saved, for which no more than half goes of the rest', () => {
  const one = fc.record({
    space: fc.constantFrom('p.trusted', 'q.trusted', 'p.pull-1', 'p.branch-2'),
    bytes: fc.nat(100),
    usedMs: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(one), fc.nat(600), fc.nat(12), (all, keepBytes, most) => {
      const entries = all.map((each, n) => ({ id: String(n), list: each.space, ...each }));
      const gone = new Set(chooseEvictions(entries, { bytes: keepBytes, entries: most, perList: 9 }));
      const left = entries.filter((each) => !gone.has(each));
      const sum = (some: readonly CacheEntry[]) => some.reduce((total, { bytes }) => total + bytes, 0);
      expect(sum(left)).toBeLessThanOrEqual(keepBytes);
      expect(sum(left.filter(({ space }) => !space.endsWith('.trusted')))).toBeLessThanOrEqual(keepBytes / 2);
      expect(left.length).toBeLessThanOrEqual(most);
      for (const list of Map.groupBy(left, (each) => each.list).values())
        expect(list.length).toBeLessThanOrEqual(9);
      expect(gone.size + left.length).toBe(entries.length);
      const trusted = (some: readonly CacheEntry[]) => some.filter(({ space }) => space.endsWith('.trusted'));
      const room = { bytes: keepBytes, entries: most, perList: 9 };
      const lostAlone = new Set(chooseEvictions(trusted(entries), room));
      if (trusted([...gone]).some((each) => !lostAlone.has(each)))
        expect(
          sum(trusted(left)) >= keepBytes / 2 || trusted(left).length >= most / 2,
          'half of the room',
        ).toBe(true);
    }),
  );
});
