import { expect, it } from 'vitest';
import { isId, newId } from '../../../src/core/id.ts';

it('orders ids by time, and those of one millisecond by when they were made', () => {
  const ids = [...Array.from({ length: 2_000 }, () => newId('bld', 1_000)), newId('bld', 1_001)];
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => isId('bld', id))).toBe(true);
});
