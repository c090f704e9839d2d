import { expect, test } from 'vitest';
import { CI_VARIABLES, ciVariables } from '../../../src/pipeline/ci-variables.ts';
import { EVENTS, inputOf } from './support.ts';

const variables = (event: (typeof EVENTS)[keyof typeof EVENTS], more = {}) =>
  ciVariables(inputOf(null, event, more));

test('a push has these variables and no others', () => {
  expect(variables(EVENTS.push, { changedFiles: ['a.ts', 'b "c".md'] })).toEqual({
    CI: 'slipway',
    CI_REPO: 'Shop/Web',
    CI_REPO_OWNER: 'Shop',
    CI_REPO_NAME: 'Web',
    CI_REPO_URL: 'https://git.example.com/shop/web',
    CI_REPO_CLONE_URL: 'https://git.example.com/shop/web.git',
    CI_REPO_DEFAULT_BRANCH: 'main',
    CI_COMMIT_SHA: EVENTS.push.commit,
    CI_COMMIT_REF: 'refs/heads/main',
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_BRANCH_SLUG: 'main',
    CI_COMMIT_MESSAGE: 'Sell more\n\nAnd faster.',
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
    CI_SYSTEM_NAME: 'slipway',
    CI_SYSTEM_URL: 'https://ci.example.com',
    CI_SYSTEM_HOST: 'ci.example.com',
    CI_SYSTEM_VERSION: '0.1.0',
  });
});

test('a pull request has its branches, number and labels; CI_COMMIT_BRANCH is the target, as in Woodpecker', () => {
  expect(variables(EVENTS.pull)).toMatchObject({
    CI_COMMIT_REF: 'refs/pull/12/head',
    CI_COMMIT_REFSPEC: 'feature/cart:main',
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_BRANCH_SLUG: 'feature-cart',
    CI_COMMIT_SOURCE_BRANCH: 'feature/cart',
    CI_COMMIT_TARGET_BRANCH: 'main',
    CI_COMMIT_PULL_REQUEST: '12',
    CI_COMMIT_PULL_REQUEST_LABELS: 'shop,urgent',
    CI_PIPELINE_EVENT: 'pull_request',
  });
});

test('a tag has no branch', () => {
  const { CI_COMMIT_TAG, CI_COMMIT_REF, ...others } = variables(EVENTS.tag);
  expect([CI_COMMIT_TAG, CI_COMMIT_REF]).toEqual(['v1.2.3', 'refs/tags/v1.2.3']);
  expect(Object.keys(others).filter((name) => name.includes('BRANCH'))).toEqual(['CI_REPO_DEFAULT_BRANCH']);
});

test('every variable has a value for some event', () => {
  const rerun = { changedFiles: [], build: { number: 5, url: '', createdAtMs: 0, rerunOf: 4 } };
  const events = [...Object.values(EVENTS), { ...EVENTS.push, before: EVENTS.push.commit }];
  const seen = new Set(events.flatMap((event) => Object.keys(ciVariables(inputOf(null, event, rerun)))));
  expect([...seen].sort()).toEqual(Object.keys(CI_VARIABLES).sort());
  expect(ciVariables(inputOf(null, EVENTS.push, rerun))['CI_PIPELINE_PARENT']).toBe('4');
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

test('values are what a process can be given: no NUL, at most 64 KiB, whole characters', () => {
  const message =
    variables({ ...EVENTS.push, message: `a\0b${'é'.repeat(40_000)}` })['CI_COMMIT_MESSAGE'] ?? '';
  expect(message.startsWith('abé')).toBe(true);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(65_536);
  expect(message).not.toMatch(/\uFFFD|\0/);
});

test('changed files are left out when unknown or too many', () => {
  const files = (changedFiles: readonly string[] | null) =>
    variables(EVENTS.push, { changedFiles })['CI_PIPELINE_FILES'];
  expect(files(null)).toBeUndefined();
  expect(files(Array.from({ length: 501 }, () => 'x'))).toBeUndefined();
  expect(files([])).toBe('[]');
});
