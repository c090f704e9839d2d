import { expect, it } from 'vitest';
import { notesOf, textOf } from './support.ts';

const job = (rest: string) => `a: { image: "a:1", script: [x], ${rest} }\n`;

it('`only` and `except` of one project hold in that repository alone, and say so', () => {
  for (const [rest, said] of [
    ['only: [main@group/proj]', 'CI_COMMIT_TAG == "main") && CI_REPO == "group/proj")'],
    [
      'only: { refs: [schedules@group/sub/proj] }',
      '(CI_PIPELINE_EVENT == "cron" && CI_REPO == "group/sub/proj")',
    ],
    ['except: [/^v/@group/proj]', 'CI_COMMIT_TAG matches "^v") && CI_REPO == "group/proj"))'],
  ] as const) {
    expect(textOf('gitlab', job(rest))).toContain(said);
    expect(notesOf('gitlab', job(rest))).toContainEqual(
      expect.stringContaining('it holds where the repository is called `group/'),
    );
  }
});

const NEVER: unknown = expect.stringContaining('`x$/` is none: it never holds');

it('an `@` in an expression begins a project there, too, and so it never holds: that is noted', () => {
  const two = `${job('only: ["/^v.*@x$/", main]')}`;
  expect(textOf('gitlab', two)).toContain('CI_COMMIT_TAG == "main"');
  expect(textOf('gitlab', two)).not.toContain('^v');
  expect(notesOf('gitlab', two)).toContainEqual(NEVER);
  expect(notesOf('gitlab', `${job('only: ["/^v.*@x$/"]')}b: { image: "a:1", script: [x] }\n`)).toContainEqual(
    NEVER,
  );
  expect(textOf('gitlab', job('except: ["/^v.*@x$/"]'))).not.toContain('^v');
});
