import { expect, test } from 'vitest';
import { CACHE_SPACE, cacheSpaces, isTrustedSpace, ownerOfSpace } from '../../../src/core/cache.ts';
import { newId } from '../../../src/core/id.ts';
import type { RepositoryEvent } from '../../../src/core/event.ts';

const project = newId('prj');
const spaces = (event: Partial<RepositoryEvent>) => cacheSpaces(project, 'main', event as RepositoryEvent);

test('builds of the default branch share the space that all but forks read', () => {
  for (const kind of ['push', 'manual', 'cron'] as const)
    expect(spaces({ kind, branch: 'main' })).toEqual({ own: `${project}.trusted`, others: [] });
});

test('each other branch and each tag has a space of its own, whatever it is called', () => {
  const names = ['feature', 'trusted', 'Main', '../main', 'x'.repeat(250), 'ü'];
  const events = names.flatMap((name) => [
    { kind: 'push', branch: name } as const,
    { kind: 'tag', tag: name } as const,
  ]);
  const all = [...events, { kind: 'tag', tag: 'main' } as const].map(spaces);
  expect(new Set(all.map(({ own }) => own)).size).toBe(all.length);
  for (const { own, others } of all) {
    expect(own).toMatch(CACHE_SPACE);
    expect(own).not.toBe(`${project}.trusted`);
    expect(others).toEqual([`${project}.trusted`]);
  }
  expect(spaces({ kind: 'manual', branch: 'feature' })).toEqual(spaces({ kind: 'push', branch: 'feature' }));
});

test('a pull request writes a space of its own, and reads the default branch’s, unless it is from a fork', () => {
  const pull = { kind: 'pull_request', number: 7 } as const;
  expect(spaces({ ...pull, fromFork: false })).toEqual({
    own: `${project}.pull-7`,
    others: [`${project}.trusted`],
  });
  expect(spaces({ ...pull, fromFork: true })).toEqual({ own: `${project}.fork-7`, others: [] });
});

test('every space is the name of a folder, and only that of the default branch is trusted', () => {
  const all = [
    spaces({ kind: 'push', branch: 'main' }),
    spaces({ kind: 'push', branch: 'feature' }),
    spaces({ kind: 'tag', tag: 'v1' }),
    spaces({ kind: 'pull_request', number: 999_999_999_999, fromFork: true }),
    spaces({ kind: 'pull_request', number: 1, fromFork: false }),
  ].map(({ own }) => own);
  for (const own of all) expect(own).toMatch(CACHE_SPACE);
  expect(all.map(isTrustedSpace)).toEqual([true, false, false, false, false]);
  expect(all.map(ownerOfSpace)).toEqual(['default branch', 'branch', 'tag', 'pull request', 'pull request']);
  for (const wrong of ['../x.trusted', 'a/b.trusted', '.trusted', 'x', 'x.pull-', 'x.branch-main', 'x.other'])
    expect(wrong).not.toMatch(CACHE_SPACE);
});
