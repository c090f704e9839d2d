import { expect, it } from 'vitest';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

const STEP = 'steps:\n  - name: a\n    image: busybox:1.36\n    commands: [x]\n    when:\n';

it('an expression and the default branch have to hold both', () => {
  const when =
    '      - { branch: "${CI_REPO_DEFAULT_BRANCH}", evaluate: \'CI_REPO == "a/b" || CI_REPO == "c/d"\' }\n';
  expect(textOf('woodpecker', STEP + when)).toContain(
    'evaluate: (CI_REPO == "a/b" || CI_REPO == "c/d") && (CI_PIPELINE_EVENT == "tag" || CI_COMMIT_BRANCH == CI_REPO_DEFAULT_BRANCH)',
  );
});

it('the default branch is excluded by an expression, beside other names', () => {
  const when = '      branch: { include: [a, b], exclude: ["${CI_REPO_DEFAULT_BRANCH}", "wip/*"] }\n';
  const written = textOf('woodpecker', STEP + when);
  expect(written).toContain(
    'branch:\n        include:\n          - a\n          - b\n        exclude:\n          - wip/*\n',
  );
  expect(written).toContain(
    'evaluate: (CI_PIPELINE_EVENT == "tag" || CI_COMMIT_BRANCH != CI_REPO_DEFAULT_BRANCH)',
  );
  expect(notesOf('woodpecker', STEP + when)).toEqual([]);
  expect(errorsOf('woodpecker', STEP + when)).toEqual([]);
});

it('a variable in a pattern is noted', () => {
  const [note] = notesOf('woodpecker', `${STEP}      branch: ["\${CI_REPO_DEFAULT_BRANCH}", "release/*"]\n`);
  expect(note).toContain('6 convert_changed: `steps[0].when.branch[0]`');
  expect(note).toContain('stands for itself');
});

it('a status is excluded by the other one', () => {
  const written = textOf('woodpecker', `${STEP}      status: { exclude: [success] }\n`);
  expect(written).toContain('status:\n        - failure\n');
});

it.each([
  ['status: [error]', 'no step runs after `error`'],
  ['status: { exclude: [success, failure] }', ''],
  ['environment: production', 'no event of the Git host asks for a deployment'],
  ['repo: "a/**"', 'it is compared as a whole name only'],
  ['matrix: { GO: "1.*" }', 'it is compared as a whole name only'],
])('a step whose condition %s cannot be said here does not run in every build', (when, why) => {
  const text = `${STEP}      ${when}\n`;
  expect(convert('woodpecker', text).workflows).toEqual([]);
  const notes = notesOf('woodpecker', text);
  expect(notes.join('\n')).toContain(why);
  expect(notes.join('\n')).toContain('none of its conditions can hold here, and the step is left out');
});

it.each(['target: production', 'action: [closed]', 'status: [killed]', 'instance: "ci.**"'])(
  'a pipeline that asks for %s alone does not run in every build',
  (trigger) => {
    const text = `kind: pipeline
name: deploy
steps: [{ name: a, image: "busybox:1.36", commands: [x] }]
trigger: { ${trigger} }
`;
    expect(convert('drone', text).workflows).toEqual([]);
    expect(notesOf('drone', text).join('\n')).toContain('the pipeline is left out');
  },
);

it('a pipeline for all targets but one runs for events that have none', () => {
  const text = `kind: pipeline
name: one
steps: [{ name: a, image: "busybox:1.36", commands: [x] }]
trigger: { target: { exclude: [production] }, action: [opened, synchronized] }
`;
  expect(textOf('drone', text)).toMatch(/^when:\n {2}event: pull_request\n\n/);
  expect(notesOf('drone', text)).toEqual([
    expect.stringMatching(/^4 convert_left_out: `trigger\.target` .*asks for a deployment/),
  ]);
});
