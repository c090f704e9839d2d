import { expect, it } from 'vitest';
import { withNewest } from '../../../web/newest.ts';

const list = (...ids: string[]) => ids.map((id) => ({ id, is: 'old' }));
const put = (items: readonly { id: string; is: string }[], id: string, next: string | null = null) =>
  withNewest(items, { id, is: 'new' }, next).map((item) => `${item.id} ${item.is}`);

it('replaces the state of an entry where it stands', () => {
  expect(put(list('c', 'b', 'a'), 'b')).toEqual(['c old', 'b new', 'a old']);
});

it('puts a new entry on top, and one that was overtaken in its place', () => {
  expect(put(list('c', 'b'), 'd')).toEqual(['d new', 'c old', 'b old']);
  expect(put(list('d', 'b'), 'c')).toEqual(['d old', 'c new', 'b old']);
  expect(put([], 'a')).toEqual(['a new']);
});

it('leaves out an entry of a page that was not loaded yet, so that it does not stand there twice', () => {
  expect(put(list('c', 'b'), 'a', 'b')).toEqual(['c old', 'b old']);
  expect(put(list('c', 'b'), 'a', null)).toEqual(['c old', 'b old', 'a new']);
});
