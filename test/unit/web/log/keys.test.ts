import { describe, expect, it } from 'vitest';
import { lineForKey } from '../../../../web/log/keys.ts';

const view = { first: 10, last: 19, lines: 30 };

describe('the line that a key goes to', () => {
  it('is the next one, and stays within the log', () => {
    expect(lineForKey('ArrowDown', 12, view)).toBe(13);
    expect(lineForKey('ArrowUp', 12, view)).toBe(11);
    expect(lineForKey('ArrowDown', 29, { first: 20, last: 29, lines: 30 })).toBe(29);
    expect(lineForKey('ArrowUp', 0, { first: 0, last: 9, lines: 30 })).toBe(0);
  });

  it('is at the edge that the key comes from, where none is current or it is out of view', () => {
    for (const current of [null, 2, 25]) {
      expect(lineForKey('ArrowDown', current, view)).toBe(10);
      expect(lineForKey('ArrowUp', current, view)).toBe(19);
    }
  });

  it('is a screenful away, once there is a current line: else the log scrolls by itself', () => {
    expect(lineForKey('PageDown', 12, view)).toBe(21);
    expect(lineForKey('PageDown', 21, { first: 20, last: 29, lines: 30 })).toBe(29);
    expect(lineForKey('PageUp', 12, view)).toBe(3);
    expect(lineForKey('PageDown', null, view)).toBeNull();
  });

  it('is none for other keys, and in an empty log', () => {
    expect(lineForKey('x', 12, view)).toBeNull();
    expect(lineForKey('ArrowDown', null, { first: 0, last: -1, lines: 0 })).toBeNull();
  });
});
