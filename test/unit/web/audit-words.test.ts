import { expect, it } from 'vitest';
import { filterQuery, subjectLink } from '../../../web/audit-words.ts';

it('asks for what of the filter says something, in one order, and for nothing else', () => {
  expect(filterQuery({})).toBe('');
  expect(filterQuery({ action: '', actor: '  ' })).toBe('');
  expect(filterQuery({ subject: 'shop/web#1', action: 'secret.set', other: 'x' })).toBe(
    '?action=secret.set&subject=shop%2Fweb%231',
  );
});

it('leads to the page of what an entry is about, where there is one', () => {
  expect(subjectLink(null)).toBeNull();
  expect(subjectLink({ kind: 'build', id: 'bld_1', name: 'shop/web#1' })).toBe('/builds/bld_1');
  expect(subjectLink({ kind: 'secret', id: 'prj_1', name: 'shop/web/npm' })).toBe('/projects/prj_1');
  expect(subjectLink({ kind: 'project', id: null, name: 'shop/none' })).toBeNull();
  expect(subjectLink({ kind: 'token', id: 'tok_1', name: 'ada' })).toBeNull();
});
