import { beforeEach, expect, it } from 'vitest';
import { LineLinks } from '../../../../web/log/line-links.ts';

let links: LineLinks;
beforeEach(() => {
  links = new LineLinks();
});

it('links one line, or from there to another in either direction', () => {
  expect(links.link(5)).toEqual({ from: 5, to: 5 });
  expect(links.widen(9)).toEqual({ from: 5, to: 9 });
  expect(links.widen(2)).toEqual({ from: 2, to: 5 });
  expect([1, 2, 5, 6].map((line) => links.has(line))).toEqual([false, true, true, false]);
});

it('widens from where the keyboard was, when nothing is linked', () => {
  expect(links.widen(8, 7)).toEqual({ from: 7, to: 8 });
  expect(links.widen(9, 8)).toEqual({ from: 7, to: 9 });
});

it('goes on from the first line that the address names, and forgets it with the address', () => {
  links.open({ from: 3, to: 4 });
  expect(links.widen(6)).toEqual({ from: 3, to: 6 });
  links.open(null);
  expect(links.range).toBeNull();
  expect(links.widen(6)).toEqual({ from: 6, to: 6 });
});
