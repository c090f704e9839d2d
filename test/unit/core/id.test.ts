import { expect, it } from 'vitest';
import { idAfter, isId, newId, timeOrder } from '../../../src/core/id.ts';

it('orders ids by time, and those of one millisecond by when they were made', () => {
  const ids = [...Array.from({ length: 2_000 }, () => newId('bld', 1_000)), newId('bld', 1_001)];
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => isId('bld', id))).toBe(true);
});

it('makes an id after another one, also when the clock went back', () => {
  const before = newId('fx', 5_000);
  const after = idAfter('fx', before, 1_000);
  expect(after > before).toBe(true);
  expect(idAfter('fx', after, 1_000) > after).toBe(true);
  expect(timeOrder(idAfter('fx', after, 9_000)).slice(0, 10)).toBe(
    timeOrder(newId('bld', 9_000)).slice(0, 10),
  );
  expect(isId('fx', idAfter('fx', null, 1_000))).toBe(true);
});
