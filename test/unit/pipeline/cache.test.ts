import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { lint, planOf } from './support.ts';

const cachesOf = (cache: string, more = '') =>
  planOf(`steps: { a: { image: "b:1", commands: x, ${more} cache: ${cache} } }`).steps[0]?.caches;

test('a cache is planned with its variables replaced, and what is relative as from where the step starts without its folder', () => {
  expect(
    cachesOf(
      '{ paths: [./node_modules/, "/root//.npm"], key: { prefix: "npm-${CI_REPO_NAME}", files: "**/package-lock.json" }, fallback_keys: npm- }',
      'directory: "a{b}",',
    ),
  ).toEqual([
    {
      paths: ['a\\{b\\}/node_modules', '/root/.npm'],
      key: 'npm-Web',
      files: ['a\\{b\\}/**/package-lock.json'],
      fallbackKeys: ['npm-'],
      policy: 'pull-push',
    },
  ]);
  expect(
    cachesOf('[{ paths: x, key: "k-${CI_COMMIT_SHA}", policy: pull }, { paths: y, key: { files: f } }]'),
  ).toMatchObject([
    { paths: ['x'], files: [], fallbackKeys: [], policy: 'pull' },
    { paths: ['y'], key: '', files: ['f'], policy: 'pull-push' },
  ]);
  expect(planOf('steps: { a: { image: "b:1", commands: x } }').steps[0]).not.toHaveProperty('caches');
});

test('a fall-back key that an absent value has left empty is none: it would stand for every cache', () => {
  expect(
    cachesOf('{ paths: x, key: { files: f }, fallback_keys: ["${CI_COMMIT_TAG}", n-] }')?.[0]?.fallbackKeys,
  ).toEqual(['n-']);
});

test.each([
  ['{ paths: [..], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [a/../../b], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [.], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [.git/objects], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [/], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [/workspace/], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [/workspace/.git], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [//proc/1], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [/.slipway], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [~/.npm], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: ["**/node_modules"], key: "${CI_REPO}" }', 'value_wrong'],
  ['{ paths: [], key: "${CI_REPO}" }', 'list_empty'],
  ['{ key: "${CI_REPO}" }', 'key_missing'],
  ['{ paths: [a] }', 'key_missing'],
  ['{ paths: [a], key: {} }', 'key_missing'],
  ['{ paths: [a], key: "${NOWHERE}" }', 'variable_unknown'],
  ['{ paths: [a], key: { files: f, prefix: "${" } }', 'substitution_wrong'],
  ['{ paths: [a], key: { files: f }, fallback_keys: ["${NOWHERE}"] }', 'variable_unknown'],
  ['{ paths: [a], key: { files: f }, policy: always }', 'value_wrong'],
  [`[${Array.from({ length: 9 }, () => '{ paths: [a], key: { files: f } }').join()}]`, 'too_complex'],
])('%s is refused', (cache, code) => {
  expect(lint(`steps: { a: { image: "b:1", commands: x, cache: ${cache} } }`).join()).toContain(code);
});

test.each([
  ['paths', 64, (list: string) => `{ key: { files: f }, paths: ${list} }`],
  ['key.files', 64, (list: string) => `{ paths: p, key: { files: ${list} } }`],
  ['fallback_keys', 16, (list: string) => `{ paths: p, key: { files: f }, fallback_keys: ${list} }`],
])('a cache has %s of at most %i', (name, most, cacheWith) => {
  const problems = (count: number) => {
    const list = `[${Array.from({ length: count }, (_, i) => `f${i}`).join()}]`;
    const text = `steps: { a: { image: "b:1", commands: x, cache: ${cacheWith(list)} } }`;
    return lintPipeline(text, 'slipway.yml').map(({ message }) => message);
  };
  expect(problems(most)).toEqual([]);
  expect(problems(most + 1)).toEqual([
    `The file is too complex: \`steps.a.cache.${name}\` has more entries than ${most}.`,
  ]);
});

test.each([
  '/workspace/node_modules',
  '.gitlab/x',
  '/root/.npm',
  'a b',
  'packages/*/node_modules',
  '/process',
])('%s may be cached', (path) => {
  expect(
    lint(`steps: { a: { image: "b:1", commands: x, cache: { paths: ["${path}"], key: { files: f } } } }`),
  ).toEqual([]);
});
