import { expect, test } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { CI_VARIABLES, ciVariables, valueVariables } from '../../../src/pipeline/ci-variables.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import type { PlanInput } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, planOf } from './support.ts';

const variables = (event: RepositoryEvent, more: Partial<PlanInput> = {}) =>
  ciVariables(inputOf(null, event, more));

test('a push that is planned has these variables and no others', () => {
  expect(variables(EVENTS.push, { changedFiles: ['a.ts', 'b "c".md'] })).toEqual({
    CI: 'slipway',
    CI_REPO: 'Shop/Web',
    CI_REPO_OWNER: 'Shop',
    CI_REPO_NAME: 'Web',
    CI_REPO_REMOTE_ID: '41',
    CI_REPO_URL: 'https://git.example.com/shop/web',
    CI_REPO_CLONE_URL: 'https://git.example.com/shop/web.git',
    CI_REPO_CLONE_SSH_URL: 'git@git.example.com:shop/web.git',
    CI_REPO_DEFAULT_BRANCH: 'main',
    CI_REPO_PRIVATE: 'false',
    CI_REPO_TRUSTED_NETWORK: 'false',
    CI_REPO_TRUSTED_VOLUMES: 'false',
    CI_REPO_TRUSTED_SECURITY: 'false',
    CI_COMMIT_SHA: EVENTS.push.commit,
    CI_COMMIT_REF: 'refs/heads/main',
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_BRANCH_SLUG: 'main',
    CI_COMMIT_MESSAGE: 'Sell more\n\nAnd faster.',
    CI_COMMIT_TIMESTAMP: '1690000000',
    CI_COMMIT_AUTHOR: 'Ada',
    CI_COMMIT_AUTHOR_EMAIL: 'ada@example.com',
    CI_PIPELINE_NUMBER: '4',
    CI_PIPELINE_PARENT: '0',
    CI_PIPELINE_EVENT: 'push',
    CI_PIPELINE_URL: 'https://ci.example.com/builds/4',
    CI_PIPELINE_FORGE_URL: 'https://git.example.com/shop/web/commit/0123456',
    CI_PIPELINE_CREATED: '1700000000',
    CI_PIPELINE_FILES: '["a.ts","b \\"c\\".md"]',
    CI_PIPELINE_AUTHOR: 'ada',
    CI_PIPELINE_AVATAR: 'https://git.example.com/avatars/7',
    CI_SYSTEM_NAME: 'slipway',
    CI_SYSTEM_URL: 'https://ci.example.com',
    CI_SYSTEM_HOST: 'ci.example.com',
    CI_SYSTEM_VERSION: '0.1.0',
    CI_FORGE_TYPE: 'github',
    CI_FORGE_URL: 'https://git.example.com',
  });
});

test('a pull request has its branches, number, labels and milestone; CI_COMMIT_BRANCH is the target, as in Woodpecker', () => {
  expect(variables(EVENTS.pull)).toMatchObject({
    CI_COMMIT_REF: 'refs/pull/12/head',
    CI_COMMIT_REFSPEC: 'feature/cart:main',
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_BRANCH_SLUG: 'feature-cart',
    CI_COMMIT_SOURCE_BRANCH: 'feature/cart',
    CI_COMMIT_TARGET_BRANCH: 'main',
    CI_COMMIT_PULL_REQUEST: '12',
    CI_COMMIT_PULL_REQUEST_LABELS: 'shop,urgent',
    CI_COMMIT_PULL_REQUEST_MILESTONE: 'summer',
    CI_COMMIT_PULL_REQUEST_DRAFT: 'false',
    CI_PIPELINE_EVENT: 'pull_request',
  });
});

test('a tag has no branch', () => {
  const { CI_COMMIT_TAG, CI_COMMIT_REF, ...others } = variables(EVENTS.tag);
  expect([CI_COMMIT_TAG, CI_COMMIT_REF]).toEqual(['v1.2.3', 'refs/tags/v1.2.3']);
  expect(Object.keys(others).filter((name) => name.includes('BRANCH'))).toEqual(['CI_REPO_DEFAULT_BRANCH']);
});

test('every variable has a value for some event', () => {
  const build = { number: 5, url: '', createdAtMs: 0, startedAtMs: 1, rerunOf: 4, reruns: 1 };
  const ended = { ...build, status: 'failure' as const, finishedAtMs: 2 };
  const rerun = { changedFiles: [], build, previous: { event: EVENTS.pull, build: ended }, workflow: 'main' };
  const seen = Object.values(EVENTS).flatMap((event) => Object.keys(variables(event, rerun)));
  expect([...new Set(seen)].sort()).toEqual(Object.keys(CI_VARIABLES).sort());
  expect(variables(EVENTS.push, rerun)).toMatchObject({ CI_PIPELINE_PARENT: '4', CI_PIPELINE_RERUNS: '1' });
});

/** A tag names an image for others; a new name here is a decision of its own. */
const TAG_VARIABLES = [
  'CI',
  ...[
    'CI_REPO',
    'CI_REPO_OWNER',
    'CI_REPO_NAME',
    'CI_REPO_URL',
    'CI_REPO_CLONE_URL',
    'CI_REPO_DEFAULT_BRANCH',
  ],
  ...['CI_COMMIT_SHA', 'CI_COMMIT_REF', 'CI_COMMIT_REFSPEC', 'CI_COMMIT_BRANCH', 'CI_COMMIT_BRANCH_SLUG'],
  ...['CI_COMMIT_SOURCE_BRANCH', 'CI_COMMIT_TARGET_BRANCH', 'CI_COMMIT_TAG', 'CI_COMMIT_PULL_REQUEST'],
  ...['CI_COMMIT_PULL_REQUEST_LABELS', 'CI_COMMIT_MESSAGE', 'CI_COMMIT_AUTHOR', 'CI_COMMIT_AUTHOR_EMAIL'],
  ...[
    'CI_PIPELINE_NUMBER',
    'CI_PIPELINE_PARENT',
    'CI_PIPELINE_EVENT',
    'CI_CRON_NAME',
    'CI_CRON_TIME',
    'CI_PIPELINE_URL',
  ],
  ...['CI_PIPELINE_FORGE_URL', 'CI_PIPELINE_CREATED', 'CI_PIPELINE_FILES', 'CI_PIPELINE_AUTHOR'],
  ...['CI_PREV_COMMIT_SHA', 'CI_SYSTEM_NAME', 'CI_SYSTEM_URL', 'CI_SYSTEM_HOST', 'CI_SYSTEM_VERSION'],
];

test('tags may use these variables and no others', () => {
  expect(Object.keys(CI_VARIABLES).filter((name) => CI_VARIABLES[name]?.isForValues)).toEqual(TAG_VARIABLES);
  for (const event of Object.values(EVENTS))
    expect(TAG_VARIABLES).toEqual(expect.arrayContaining(Object.keys(valueVariables(inputOf(null, event)))));
});

test.each([
  ['CI_COMMIT_PULL_REQUEST_MILESTONE', 'Only steps have it'],
  ['CI_PIPELINE_STARTED', 'Only steps have it'],
  ['CI_STEP_NAME', 'Only steps have it'],
  ['CI_COMMIT_PRERELEASE', 'Slipway does not set it. No build is made for a release'],
  ['CI_COMMIT_SHAA', 'Did you mean `CI_COMMIT_SHA`?'],
])('%s is refused in a tag, and the message says why', (name, fix) => {
  const [problem] = lintPipeline(`push: { tags: "\${${name}}" }`, 'slipway.yml');
  expect(problem).toMatchObject({ code: 'variable_unknown', fix: expect.stringContaining(fix) as string });
});

test('what the build before says is told of it, in a tag only its commit', () => {
  const commit = 'f'.repeat(40);
  const event = { ...EVENTS.push, commit, message: 'Sell less' };
  const times = { createdAtMs: 1_000, startedAtMs: 2_000, finishedAtMs: null };
  const build = { number: 3, url: 'https://ci.example.com/builds/3', rerunOf: null, ...times };
  const previous = { event, build: { ...build, status: 'running' as const } };
  const seen = variables(EVENTS.push, { previous });
  expect(seen).toMatchObject({
    CI_PREV_COMMIT_SHA: commit,
    CI_PREV_COMMIT_MESSAGE: 'Sell less',
    CI_PREV_PIPELINE_NUMBER: '3',
    CI_PREV_PIPELINE_STATUS: 'running',
    CI_PREV_PIPELINE_STARTED: '2',
  });
  expect(seen).not.toHaveProperty('CI_PREV_PIPELINE_FINISHED');
  const text = 'push: { tags: "${CI_PREV_COMMIT_SHA:0:8}" }';
  expect(planOf(text, EVENTS.push, { previous }).push?.tags).toEqual(['ffffffff']);
});

test('the first build of a branch has the commit before its push, and nothing more of before', () => {
  const before = 'e'.repeat(40);
  const names = Object.entries(variables({ ...EVENTS.push, before })).filter(([name]) =>
    name.includes('_PREV_'),
  );
  expect(names).toEqual([['CI_PREV_COMMIT_SHA', before]]);
});

test('credentials in an address never reach a step', () => {
  const clone = (cloneUrl: string) =>
    variables(EVENTS.push, { project: { path: 'a/b', cloneUrl, webUrl: null, defaultBranch: 'main' } })[
      'CI_REPO_CLONE_URL'
    ];
  expect(clone('https://user:token@git.example.com/a/b.git')).toBe('https://git.example.com/a/b.git');
  expect(clone('https://token@git.example.com/a/b.git')).toBe('https://git.example.com/a/b.git');
  expect(clone('ssh://git:pw@git.example.com/a/b.git')).toBe('ssh://git@git.example.com/a/b.git');
  expect(clone('git@git.example.com:a/b.git')).toBe('git@git.example.com:a/b.git');
  const project = {
    path: 'a/b',
    cloneUrl: '',
    webUrl: 'https://u:p@git.example.com/a/b',
    defaultBranch: 'main',
  };
  expect(variables(EVENTS.push, { project })['CI_REPO_URL']).toBe('https://git.example.com/a/b');
});

test('a project that is cloned over ssh has that address for ssh, and its page from the Git host', () => {
  const cloneUrl = 'ssh://git:pw@git.example.com/shop/web.git';
  const project = { path: 'a/b', cloneUrl, webUrl: null, defaultBranch: 'main' };
  expect(variables(EVENTS.push, { project })).toMatchObject({
    CI_REPO_CLONE_SSH_URL: 'ssh://git@git.example.com/shop/web.git',
    CI_REPO_URL: 'https://git.example.com/shop/web',
  });
});

test('without a delivery nothing is said of the repository on its Git host', () => {
  const seen = variables({ ...EVENTS.manual, repository: null });
  for (const name of ['REPO_REMOTE_ID', 'REPO_PRIVATE', 'REPO_CLONE_SSH_URL', 'FORGE_TYPE', 'FORGE_URL'])
    expect(seen).not.toHaveProperty(`CI_${name}`);
});

test('values are what a process can be given: no NUL, at most 64 KiB, whole characters', () => {
  const message =
    variables({ ...EVENTS.push, message: `a\0b${'é'.repeat(40_000)}` })['CI_COMMIT_MESSAGE'] ?? '';
  expect(message.startsWith('abé')).toBe(true);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(65_536);
  expect(message).not.toMatch(/\uFFFD|\0/);
  const milestone = variables({ ...EVENTS.pull, milestone: `\0${'x'.repeat(100_000)}` });
  expect(milestone['CI_COMMIT_PULL_REQUEST_MILESTONE']).toBe('x'.repeat(65_536));
});

test('changed files are left out when unknown or too many, never cut', () => {
  const files = (changedFiles: readonly string[] | null) =>
    variables(EVENTS.push, { changedFiles })['CI_PIPELINE_FILES'];
  expect(files(null)).toBeUndefined();
  expect(files(Array.from({ length: 501 }, () => 'x'))).toBeUndefined();
  expect(files([])).toBe('[]');
  expect(files(Array.from({ length: 100 }, () => 'x'.repeat(1_000)))).toBeUndefined();
});
