import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recent } from '../../../src/logs/recent.ts';

describe('the recent end of a file', () => {
  it('gives the bytes that were appended, or says that it has them no more', () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.constantFrom(100_000, 300_000)), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.nat(400_000), fc.nat(5_000), (pieces, back, length) => {
        const recent = new Recent();
        let whole = Buffer.alloc(0);
        for (const [n, size] of pieces.entries()) {
          const bytes = Buffer.alloc(size, n + 1);
          recent.add(whole.length, bytes);
          whole = Buffer.concat([whole, bytes]);
        }
        const offset = Math.max(0, whole.length - back);
        const read = recent.read(offset, length);
        if (read !== null) expect(read.equals(whole.subarray(offset, offset + length))).toBe(true);
        else expect(back > 0 || whole.length === 0 || pieces.at(-1) === 300_000).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the last of a talkative log, and nothing of one large piece', () => {
    const recent = new Recent();
    for (let n = 0; n < 100; n++) recent.add(n * 10_000, Buffer.alloc(10_000, n));
    expect(recent.read(990_000, 5)?.toString()).toBe('ccccc');
    expect(recent.read(0, 5)).toBe(null);
    recent.add(1_000_000, Buffer.alloc(2_000_000));
    expect(recent.read(2_999_999, 1)).toBe(null);
  });
});
