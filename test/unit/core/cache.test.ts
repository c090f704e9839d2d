import { expect, test } from 'vitest';
import { CACHE_SPACE, cacheSpaces, isTrustedSpace } from '../../../src/core/cache.ts';
import { newId } from '../../../src/core/id.ts';
import type { RepositoryEvent } from '../../../src/core/event.ts';

const project = newId('prj');
const spaces = (event: Partial<RepositoryEvent>) => cacheSpaces(project, event as RepositoryEvent);

test('builds of branches and tags, and those by hand, share one space of their project', () => {
  for (const kind of ['push', 'tag', 'manual'] as const)
    expect(spaces({ kind })).toEqual({ own: `${project}.trusted`, others: [] });
});

test('a pull request writes a space of its own, and reads the one of the branches, unless it is from a fork', () => {
  const pull = { kind: 'pull_request', number: 7 } as const;
  expect(spaces({ ...pull, fromFork: false })).toEqual({
    own: `${project}.pull-7`,
    others: [`${project}.trusted`],
  });
  expect(spaces({ ...pull, fromFork: true })).toEqual({ own: `${project}.fork-7`, others: [] });
});

test('every space is the name of a folder, and only that of branches is trusted', () => {
  const all = [
    spaces({ kind: 'push' }),
    spaces({ kind: 'pull_request', number: 999_999_999_999, fromFork: true }),
    spaces({ kind: 'pull_request', number: 1, fromFork: false }),
  ].map(({ own }) => own);
  for (const own of all) expect(own).toMatch(CACHE_SPACE);
  expect(all.map(isTrustedSpace)).toEqual([true, false, false]);
  for (const wrong of ['../x.trusted', 'a/b.trusted', '.trusted', 'x', 'x.pull-', 'x.other'])
    expect(wrong).not.toMatch(CACHE_SPACE);
});
