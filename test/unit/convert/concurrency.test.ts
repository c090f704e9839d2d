import { expect, it } from 'vitest';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

const github = (file: string, job = '') => `name: Tests
on: push
${file}
jobs:
  unit:
    runs-on: ubuntu-latest
    container: node:20
${job}    steps: [{ run: npm test }]
`;
const groupOf = (text: string): string => /concurrency:\n(?: {2}.*\n)+/.exec(text)?.[0] ?? '';

it('a group of GitHub is one of ours, with its event written as variables; that nothing is dropped is noted', () => {
  const text = github(
    'concurrency: { group: "${{ github.workflow }}-${{ github.event.pull_request.number || github.ref }}" }',
  );
  expect(groupOf(textOf('github', text))).toBe(
    'concurrency:\n  limit: "1"\n  group: Tests-${CI_COMMIT_PULL_REQUEST:-${CI_COMMIT_REF}}\n',
  );
  expect(errorsOf('github', text)).toEqual([]);
  expect(notesOf('github', text)).toEqual([expect.stringContaining('none that waits is dropped')]);
});

it('`queue: max` is what holds here, and a cancel of what runs is noted', () => {
  expect(notesOf('github', github('concurrency: { group: a, queue: max }'))).toEqual([]);
  expect(notesOf('github', github('concurrency: { group: a, cancel-in-progress: true }'))).toEqual([
    expect.stringContaining('3 convert_changed: `concurrency.cancel-in-progress` is not quite the same'),
  ]);
  expect(notesOf('github', github('concurrency: { cancel-in-progress: true }')).join()).toContain(
    'has no name when a build is planned',
  );
});

it('jobs of one file, and cases of a matrix, run beside each other in its group', () => {
  const text = `on: push
concurrency: { group: deploy, queue: max }
jobs:
  a: { runs-on: ubuntu-latest, container: "node:20", steps: [{ run: x }] }
  b:
    runs-on: ubuntu-latest
    container: node:20
    strategy: { matrix: { os: [x, y] } }
    steps: [{ run: x }]
`;
  const { workflows } = convert('github', text);
  expect(workflows.map((one) => /group: (.*)/.exec(one.text)?.[1])).toEqual(['deploy a', 'deploy b ${OS}']);
  expect(errorsOf('github', text)).toEqual([]);
  expect(notesOf('github', text)).toEqual([expect.stringContaining('waits for the same of earlier builds')]);
});

it('`max-parallel` counts the cases of one build, and `fail-fast: false` needs nothing', () => {
  const text = github(
    '',
    '    strategy: { fail-fast: false, max-parallel: 2, matrix: { node: [1, 2, 3] } }\n',
  );
  expect(notesOf('github', text)).toEqual([]);
  expect(errorsOf('github', text)).toEqual([]);
  expect(groupOf(textOf('github', text))).toBe(
    'concurrency:\n  limit: "2"\n  group: "unit of #${CI_PIPELINE_NUMBER}"\n',
  );
  const failFast = github('', '    strategy: { fail-fast: true, matrix: { node: [1, 2] } }\n');
  expect(notesOf('github', failFast).join()).toContain('do not know of each other');
});

const gitlab = (...groups: readonly string[]) =>
  groups
    .map(
      (group, index) =>
        `job${index}: { image: "busybox:1.36", script: [x], stage: s${index}, resource_group: ${group} }\n`,
    )
    .join('') + `stages: [${groups.map((_, index) => `s${index}`).join(', ')}]\n`;

it('a resource group of GitLab is a group that the whole build waits in', () => {
  const one = gitlab('production', 'production');
  expect(groupOf(textOf('gitlab', one))).toBe('concurrency:\n  limit: "1"\n  group: production\n');
  expect(notesOf('gitlab', one)).toEqual([
    expect.stringContaining('its jobs share a checkout'),
    expect.stringContaining('1 convert_changed: `job0.resource_group`'),
    expect.stringContaining('2 convert_changed: `job1.resource_group`'),
  ]);
  expect(textOf('gitlab', gitlab('a', 'b'))).toContain('concurrency: "1"\n');
  expect(errorsOf('gitlab', gitlab('a-$CI_COMMIT_BRANCH'))).toEqual([]);
  expect(textOf('gitlab', gitlab('a-$CI_COMMIT_BRANCH'))).toContain(
    'group: a-${CI_COMMIT_BRANCH#${CI_COMMIT_TARGET_BRANCH}}',
  );
});
