import { expect, test } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint } from './support.ts';

const ALWAYS = 'when: { event: [push, tag, manual, cron, pull_request] }';
const deploy = (host: string, more = '') =>
  `deploy:\n  - { environment: preview, port: 80, host: ${host}, ${ALWAYS} }${more}`;
const onBranch = (branch: string): RepositoryEvent => ({ ...EVENTS.push, branch });

function hostsOf(text: string, event: RepositoryEvent = EVENTS.push) {
  const { plan, problems } = planPipeline(inputOf(text, event));
  return (
    plan?.workflows.flatMap((one) => one.plan.deploys.map(({ hosts }) => hosts)) ??
    problems.map(({ code, line, column, message }) => `${line}:${column} ${code} ${message}`)
  );
}

test('a host takes a branch as a part of a label', () => {
  const text = deploy('"${CI_COMMIT_BRANCH_SLUG//[._]/-}-shop.example.com"');
  expect(lint(text)).toEqual([]);
  expect(hostsOf(text, EVENTS.feature)).toEqual([['feature-cart-2-shop.example.com']]);
  expect(hostsOf(deploy('["${CI_COMMIT_BRANCH^^}.Example.com", main.example.com]'))).toEqual([
    ['main.example.com'],
  ]);
});

test.each([
  ['www.example', '`${CI_COMMIT_BRANCH}` is `www.example`, and may only be a part of a label'],
  ['www.example.com#', '`${CI_COMMIT_BRANCH}` is `www.example.com#`, and may only be'],
  ['a/b', '`${CI_COMMIT_BRANCH}` is `a/b`, and may only be a part of a label'],
  ['*', 'may only be a part of a label'],
  ['-', 'it is not a host name'],
  ['x'.repeat(64), 'it is not a host name'],
])('a branch named %s leads to no other host', (branch, cause) => {
  const found = hostsOf(deploy('"${CI_COMMIT_BRANCH}.example.com"'), onBranch(branch));
  expect(found).toEqual([expect.stringMatching(/^2:45 host_wrong /)]);
  expect(found[0]).toContain(cause);
});

test('a branch cannot name the host that the files write for another environment, deployed to now or not', () => {
  const production =
    '\n  - { environment: production, port: 80, host: www.example.com, when: { tag: "v*" } }';
  const text = deploy('"${CI_COMMIT_BRANCH}.example.com"', production);
  expect(hostsOf(text, onBranch('www'))).toEqual([
    '2:45 host_duplicate The host `www.example.com` is in environment `production` too.',
  ]);
  expect(hostsOf(text, onBranch('WWW'))).toEqual([expect.stringMatching(/^2:45 host_duplicate/)]);
  expect(hostsOf(text, onBranch('w'))).toEqual([['w.example.com']]);

  const { problems } = planPipeline({
    ...inputOf(null, onBranch('www')),
    files: [
      {
        path: '.slipway/live.yml',
        text: `when: { event: tag }\n${deploy('www.example.com').replace('preview', 'live')}`,
      },
      { path: '.slipway/preview.yml', text: deploy('"${CI_COMMIT_BRANCH}.example.com"') },
    ],
  });
  expect(problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
    '.slipway/preview.yml host_duplicate',
  ]);
});

test.each([
  ['of the project', '"${CI_REPO_NAME}.example.com"', '', 'web'],
  ['of a matrix', '"${H}.example.com"', 'matrix: { H: [shop, www] }\n', 'www'],
])('nor one whose variables are %s alone', (_of, host, matrix, branch) => {
  const production = `${matrix}deploy: { environment: production, port: 80, host: ${host}, when: { tag: "v*" } }`;
  const preview = deploy('"${CI_COMMIT_BRANCH}.example.com"');
  const { problems, plan } = planPipeline({
    ...inputOf(null, onBranch(branch)),
    files: [
      { path: '.slipway/live.yml', text: production },
      { path: '.slipway/preview.yml', text: preview },
    ],
  });
  expect(problems.map(({ file, code }) => `${file} ${code}`)).toEqual([
    '.slipway/preview.yml host_duplicate',
  ]);
  expect(plan).toBeNull();
});

test('nor one that another environment of the same build has from variables', () => {
  const other = `\n  - { environment: b, port: 80, host: "\${CI_COMMIT_BRANCH}.example.com", ${ALWAYS} }`;
  expect(hostsOf(deploy('"${CI_COMMIT_BRANCH:0:4}.example.com"', other))).toEqual([
    expect.stringMatching(/^3:\d+ host_duplicate/),
  ]);
});

test('a value that the event lacks is an error of its build', () => {
  expect(hostsOf(deploy('"v${CI_COMMIT_TAG}.example.com"'))).toEqual([
    '2:45 host_wrong `v.example.com` is not a host name: a push has no CI_COMMIT_TAG.',
  ]);
});

test.each([
  'CI_COMMIT_MESSAGE',
  'CI_COMMIT_AUTHOR',
  'CI_COMMIT_SOURCE_BRANCH',
  'CI_COMMIT_PULL_REQUEST_LABELS',
  'CI_PIPELINE_AUTHOR',
])('no host depends on %s, which others write', (name) => {
  expect(lint(deploy(`"\${${name}}.example.com"`))).toEqual([
    expect.stringMatching(/^2:45.* host_variable$/),
  ]);
});

test.each(['"${CI_COMMIT_BRANCH}"', '"www.${CI_COMMIT_BRANCH}"', '"www.example-${CI_COMMIT_BRANCH}"'])(
  'the last label of %s is not the event’s',
  (host) => {
    expect(lint(deploy(host))).toEqual([expect.stringMatching(/^2:45.* host_wrong$/)]);
  },
);

test('what the file itself says may be a whole host, and lint looks at each of its combinations', () => {
  const matrix = (host: string) =>
    `matrix: { include: [{ HOST: a.example.com }, { HOST: b_.example.com }] }\n${deploy(host)}`;
  expect(lint(matrix('"${HOST//_}"'))).toEqual([]);
  expect(lint(matrix('"${HOST}"'))).toEqual([expect.stringMatching(/^3:45.* host_wrong$/)]);
});

test('an input is a part of a label only', () => {
  const text = `inputs: { name: { default: a } }\n${deploy('"${CI_INPUT_NAME}.example.com"')}`;
  expect(hostsOf(text, { ...EVENTS.manual, inputs: { name: 'b' } })).toEqual([['b.example.com']]);
  expect(hostsOf(text, { ...EVENTS.manual, inputs: { name: 'www.b' } })).toEqual([
    expect.stringMatching(/^3:45 host_wrong/),
  ]);
});
