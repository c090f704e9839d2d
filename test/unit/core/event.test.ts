import { expect, it } from 'vitest';
import { readEvent } from '../../../src/core/event.ts';
import { EVENTS } from '../pipeline/support.ts';

it.each(Object.values(EVENTS))('reads an event of the kind $kind as it was recorded', (event) => {
  expect(JSON.stringify(readEvent(JSON.stringify(event)))).toBe(JSON.stringify(event));
});

const OLD = {
  commit: 'a'.repeat(40),
  message: 'a change',
  author: { name: 'Ada', email: 'ada@example.com' },
  actor: { id: '7', login: 'ada' },
  url: null,
};
const UNKNOWN = { committedAtMs: null, repository: null, actor: { ...OLD.actor, avatarUrl: null } };

it.each([
  [{ kind: 'push', branch: 'main', before: null }, { changedFiles: null }],
  [{ kind: 'tag', tag: 'v1' }, {}],
  [{ kind: 'manual', branch: 'main' }, { inputs: {} }],
  [
    { kind: 'pull_request', number: 1, title: 'x', labels: [] },
    { changedFiles: null, milestone: null, isDraft: null },
  ],
])('reads %j of an older version, with null for what that did not record', (old, unknown) => {
  expect(readEvent(JSON.stringify({ ...OLD, ...old }))).toEqual({ ...OLD, ...old, ...UNKNOWN, ...unknown });
});
