import { expect, it } from 'vitest';
import { formatLineHash, parseLineHash } from '../../../../web/log/permalink.ts';

it('reads a line and a range, in either order', () => {
  expect(parseLineHash('#L12')).toEqual({ from: 12, to: 12 });
  expect(parseLineHash('#L20-L12')).toEqual({ from: 12, to: 20 });
});

it.each(['', '#', '#L', '#L0', '#L1-', '#l1', '#L1-L2-L3', '#L99999999999'])(
  'reads nothing from %s',
  (hash) => {
    expect(parseLineHash(hash)).toBeNull();
  },
);

it('writes what it reads', () => {
  for (const hash of ['#L1', '#L3-L9']) {
    const range = parseLineHash(hash);
    expect(range === null ? null : formatLineHash(range)).toBe(hash);
  }
});
