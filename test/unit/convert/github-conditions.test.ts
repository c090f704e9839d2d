import { expect, it } from 'vitest';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

const file = (condition: string): string =>
  `on: [push, pull_request]\njobs:\n  one:\n    container: "node:20"\n    steps:\n      - run: first\n      - run: x\n        if: ${JSON.stringify(condition)}\n`;

/** `when` of the step that asks for a condition, on one line; null where that is left out. */
function whenOf(condition: string): string | null {
  const written = textOf('github', file(condition));
  expect(errorsOf('github', file(condition))).toEqual([]);
  const [, step] = written.split('- first\n');
  if (step?.includes('- x') !== true) {
    expect(notesOf('github', file(condition)).join('\n')).toContain('its `if` cannot be said');
    return null;
  }
  return (/when:\n([\s\S]*?)\n {4}commands/.exec(step)?.[1] ?? '').replaceAll(/\s+/g, ' ').trim();
}

it.each([
  ["(success() && github.ref == 'refs/heads/main') || failure()", null],
  ["failure() || github.ref == 'refs/heads/main'", null],
  ['!cancelled() && !failure()', ''],
  ['! failure()', ''],
  ['!success()', 'status: - failure'],
  ['success() || failure()', 'status: - success - failure'],
  [
    "always() && github.base_ref == 'a'",
    'evaluate: lower(CI_COMMIT_TARGET_BRANCH) == "a" status: - success - failure',
  ],
  ["github.base_ref == 'always()'", 'evaluate: lower(CI_COMMIT_TARGET_BRANCH) == "always()"'],
])('a step that asks for %s runs in no more cases', (condition, when) => {
  expect(whenOf(condition)?.replace('status: failure', 'status: - failure') ?? null).toBe(when);
});

const NAME =
  '((CI_PIPELINE_EVENT != "pull_request" && lower(CI_COMMIT_BRANCH) TEST) || lower(CI_COMMIT_TAG) TEST)';
const PUSHED = '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")';

it.each([
  ["github.ref_name == 'main'", NAME.replaceAll('TEST', '== "main"')],
  ["'main' != github.ref_name", `!(${NAME.replaceAll('TEST', '== "main"')})`],
  ["startsWith(github.ref_name, 'v')", NAME.replaceAll('TEST', 'startsWith "v"')],
  [
    'github.event.repository.default_branch == github.ref_name',
    NAME.replaceAll(/lower\((\w+)\) TEST/g, '($1 != "" && lower($1) == lower(CI_REPO_DEFAULT_BRANCH))'),
  ],
  [
    "contains(github.event.head_commit.message, '[deploy]')",
    `(${PUSHED} && lower(CI_COMMIT_MESSAGE) contains "[deploy]")`,
  ],
  ["github.event.head_commit.message != 'x'", `!((${PUSHED} && lower(CI_COMMIT_MESSAGE) == "x"))`],
  ['github.event.pull_request.head.sha', '(CI_PIPELINE_EVENT == "pull_request" && CI_COMMIT_SHA != "")'],
])('%s holds for no pull request for which it does not hold there', (condition, evaluate) => {
  const when = whenOf(condition) ?? '';
  expect(when.replace(/^evaluate: '?|'$/g, '')).toBe(evaluate);
});

it.each([
  ["github.ref == 'refs/heads/Main'", 'lower(CI_COMMIT_REF) == "refs/heads/main"'],
  ["github.repository_owner == 'Shop'", 'lower(CI_REPO_OWNER) == "shop"'],
  ["endsWith(github.repository, '/Web')", 'lower(CI_REPO) endsWith "/web"'],
  ['github.actor == github.repository_owner', 'lower(CI_PIPELINE_AUTHOR) == lower(CI_REPO_OWNER)'],
  ["matrix.node != '20'", 'NODE != "20"'],
  ["runner.os == 'LINUX'", ''],
  ["contains(runner.os, 'nux')", ''],
])('texts are compared without regard to case: %s', (condition, evaluate) => {
  expect((whenOf(condition) ?? '').replace(/^evaluate: '?|'$/g, '')).toBe(evaluate);
});

it.each([
  ["github.event_name == 'Push'", PUSHED],
  ["github.event_name != 'pull_request'", 'CI_PIPELINE_EVENT != "pull_request"'],
  [
    "contains(github.event_name, 'pu')",
    '(CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "pull_request" || CI_PIPELINE_EVENT == "tag")',
  ],
  ["startsWith(github.event_name, 'workflow')", 'CI_PIPELINE_EVENT == "manual"'],
  ["github.event_name != 'release'", ''],
  ["github.ref_type == 'TAG'", 'CI_PIPELINE_EVENT == "tag"'],
  ["github.ref_type != 'commit'", ''],
])('an event has the name there that it has: %s', (condition, evaluate) => {
  expect((whenOf(condition) ?? '').replace(/^evaluate: '?|'$/g, '')).toBe(evaluate);
});

it.each([
  "github.ref == 'refs/pull/1/merge'",
  "endsWith(github.ref, '/merge')",
  'github.run_number == 1',
  'github.event_name == github.actor',
  "contains(github.run_id, '1')",
  'github.event.number == 0',
])('what is another value here is not compared: %s', (condition) => {
  expect(whenOf(condition)).toBeNull();
});

it.each(['closed', '[labeled, closed]'])('a pull request of the types %s alone makes no build', (types) => {
  const text = (also: string) =>
    `on: {${also} pull_request: { types: ${types}, branches: [main] } }\njobs: { one: { container: "node:20", steps: [{ run: deploy }] } }\n`;
  expect(convert('github', text('')).workflows).toEqual([]);
  expect(notesOf('github', text('')).join('\n')).toContain(
    'none of its events is there, and the file is left out',
  );
  expect(textOf('github', text(' push: { branches: [main] },'))).not.toContain('pull_request');
});

it.each(['if: ""', 'if:', 'if: "  "'])('a step or a job with `%s` asks for nothing, as there', (empty) => {
  const text = `on: push
jobs:
  a:
    ${empty}
    container: "busybox:1.36"
    steps:
      - run: make
        ${empty}
`;
  expect(textOf('github', text)).toContain('- make');
  expect(notesOf('github', text)).toEqual([]);
});
