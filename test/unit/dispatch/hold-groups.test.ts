import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupKey, groupWords } from '../../../src/core/concurrency.ts';
import { holdGroups, type GroupMember } from '../../../src/dispatch/hold-groups.ts';

const member = (
  number: number,
  key: string | null = 'group live',
  limit = 1,
  projectId = 'web',
): GroupMember => ({
  id: `wfl_${String(number).padStart(4, '0')}`,
  projectId,
  buildNumber: number,
  group: key === null ? null : { key, limit },
});
const held = (waiting: readonly GroupMember[], taken: readonly GroupMember[] = []) =>
  Object.fromEntries(holdGroups(waiting, taken));

describe('of a group', () => {
  it('as many as its limit go on, the oldest first, in whatever order they wait', () => {
    expect(held([member(3), member(1), member(2)])).toEqual({
      wfl_0002: 'the group `live` runs at most 1 at a time, and #1 is before it',
      wfl_0003: '#2 is before it in the group `live`',
    });
    expect(
      Object.keys(held([member(3, 'group x', 2), member(1, 'group x', 2), member(2, 'group x', 2)])),
    ).toEqual(['wfl_0003']);
  });

  it('those that run or are placed count', () => {
    expect(held([member(3)], [member(1)])).toEqual({
      wfl_0003: 'the group `live` runs at most 1 at a time, and #1 is before it',
    });
    expect(
      held(
        [member(9, 'workflow a', 4)],
        [1, 2, 3, 4].map((one) => member(one, 'workflow a', 4)),
      ),
    ).toEqual({
      wfl_0009: 'the workflow `a` runs at most 4 at a time, and #1, #2, #3 and 1 more are before it',
    });
  });

  it('no younger one overtakes, though its own limit would let it', () => {
    expect(
      Object.keys(held([member(2, 'group x', 1), member(3, 'group x', 9)], [member(1, 'group x', 1)])),
    ).toEqual(['wfl_0002', 'wfl_0003']);
  });
});

it('other groups, other projects and those without a group do not count', () => {
  const others = [
    member(1, 'group other'),
    member(2, 'group live', 1, 'shop'),
    member(3, null),
    member(4, null),
  ];
  expect(held([member(5), member(6, null)], others)).toEqual({});
});

it('a group that a file names is never that of a workflow', () => {
  expect(groupKey({ limit: 1, group: 'a' }, 'b')).not.toBe(groupKey({ limit: 1, group: null }, 'a'));
  expect(groupWords(groupKey({ limit: 1, group: `${'x'.repeat(80)}\n` }, 'b'))).toBe(
    `the group \`${'x'.repeat(59)}…\``,
  );
});

it('never lets more go on than the limit, nor fewer, nor a younger before an older', () => {
  const group = fc.constantFrom('group a', 'group b', 'workflow a');
  const all = fc.uniqueArray(fc.tuple(fc.nat(500), group, fc.boolean()), { selector: ([number]) => number });
  fc.assert(
    fc.property(all, fc.integer({ min: 1, max: 4 }), (members, limit) => {
      const of = (isTaken: boolean) =>
        members.filter((one) => one[2] === isTaken).map(([number, key]) => member(number, key, limit));
      const [waiting, taken] = [of(false), of(true)];
      const why = holdGroups(waiting, taken);
      for (const key of ['group a', 'group b', 'workflow a']) {
        const own = waiting.filter((one) => one.group?.key === key).sort((a, b) => (a.id < b.id ? -1 : 1));
        const busy = taken.filter((one) => one.group?.key === key).length;
        const free = own.filter(({ id }) => !why.has(id));
        expect(free).toEqual(own.slice(0, Math.max(0, limit - busy)));
      }
    }),
  );
});
