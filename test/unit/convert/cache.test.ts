import { expect, it } from 'vitest';
import { notesOf, textOf } from './support.ts';

const gitlab = (cache: string) => `variables: { DOWNLOADS: .cache/pip }
build:
  image: node:20
  script: npm ci
  cache: ${cache}
`;

const cacheOf = (text: string) => text.slice(text.indexOf('    cache:')).replace(/^ {4}/gm, '').trim();

it('GitLab’s key of files is ours, and its text ends with the commit, so that the newest is restored', () => {
  const files = gitlab(
    '{ key: { files: [package-lock.json], prefix: $CI_COMMIT_REF_SLUG }, paths: [node_modules/, "$CI_PROJECT_DIR/$DOWNLOADS"], fallback_keys: [main], policy: pull }',
  );
  expect(notesOf('gitlab', files)).toEqual([]);
  expect(cacheOf(textOf('gitlab', files))).toBe(`cache:
  paths:
    - node_modules
    - .cache/pip
  key:
    prefix: \${CI_COMMIT_BRANCH_SLUG:-\${CI_COMMIT_TAG}}
    files: package-lock.json
  fallback_keys: main-
  policy: pull`);
  expect(
    cacheOf(textOf('gitlab', gitlab('[{ key: $CI_COMMIT_REF_SLUG, paths: [a] }, { paths: [b] }]'))),
  ).toBe(
    `cache:
  - paths: a
    key: \${CI_COMMIT_BRANCH_SLUG:-\${CI_COMMIT_TAG}}-\${CI_COMMIT_SHA}
    fallback_keys: \${CI_COMMIT_BRANCH_SLUG:-\${CI_COMMIT_TAG}}-
  - paths: b
    key: default-\${CI_COMMIT_SHA}
    fallback_keys: default-`,
  );
});

it('what a cache of GitLab has that ours has not is noted', () => {
  for (const [cache, part] of [
    ['{ paths: [a], untracked: true }', 'untracked'],
    ['{ paths: [a], when: always }', 'when'],
    ['{ paths: ["**/node_modules"] }', 'is no path that a cache may have'],
    ['{ paths: ["$NOWHERE/x"] }', 'is no path that a cache may have'],
    ['{ paths: [a], policy: $POLICY }', 'policy'],
  ] as const)
    expect(notesOf('gitlab', gitlab(cache)).join('\n'), cache).toContain(part);
  expect(notesOf('gitlab', gitlab('{}'))).toEqual([]);
  expect(textOf('gitlab', gitlab('[]'))).not.toContain('cache:');
});

const github = (steps: string) => `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container: node:20
    steps:
      - uses: actions/checkout@v4
${steps}
      - run: npm ci
      - run: npm test
`;

it('actions/cache belongs to the next step, with its paths, key and restore keys', () => {
  const file = github(`      - uses: actions/cache@v4
        with:
          path: |
            ~/.npm
            node_modules
          key: \${{ runner.os }}-node-\${{ hashFiles('**/package-lock.json') }}
          restore-keys: |
            \${{ runner.os }}-node-`);
  expect(notesOf('github', file)).toHaveLength(2);
  const text = textOf('github', file);
  expect(text.match(/cache:/g)).toHaveLength(1);
  expect(text).toContain(`    commands:
      - npm ci
    cache:
      paths:
        - /root/.npm
        - node_modules
      key:
        prefix: Linux-node
        files: "**/package-lock.json"
      fallback_keys: Linux-node-`);
});

it('the halves of actions/cache are policies; a key of several hashes is noted', () => {
  const half = (name: string, key: string) =>
    github(`      - uses: actions/cache/${name}@v4\n        with: { path: a, key: "${key}" }`);
  expect(textOf('github', half('restore', 'k-${{ github.sha }}'))).toContain(
    '      paths: a\n      key: k-${CI_COMMIT_SHA}\n      policy: pull',
  );
  const several = half('save', "a-${{ hashFiles('x', 'y') }}-b-${{ hashFiles('z') }}");
  expect(textOf('github', several)).toMatch(
    /prefix: a-b\n {8}files:\n {10}- x\n {10}- "y"\n {10}- z\n {6}policy: push/,
  );
  expect(notesOf('github', several).join('\n')).toContain('one hash of all its files');
  const none = github('      - uses: actions/cache@v4\n        with: { path: "**/x", key: a }');
  expect(textOf('github', none)).not.toContain('cache:');
  expect(notesOf('github', none).join('\n')).toContain('no path that a cache may have');
});

it('the cache of a set-up action is the folder of its package manager', () => {
  const file = github('      - uses: actions/setup-node@v4\n        with: { node-version: 22, cache: npm }');
  expect(notesOf('github', file)).toEqual([]);
  expect(textOf('github', file)).toContain(`    cache:
      paths: /root/.npm
      key:
        prefix: npm
        files:
          - package-lock.json
          - npm-shrinkwrap.json
      fallback_keys: npm-`);
  const own = github(
    '      - uses: actions/setup-python@v5\n        with: { cache: pip, cache-dependency-path: dev/requirements.txt }',
  );
  expect(textOf('github', own)).toContain('files: dev/requirements.txt');
  const unknown = github('      - uses: actions/setup-java@v4\n        with: { cache: sbt }');
  expect(notesOf('github', unknown).join('\n')).toContain('where that keeps its downloads');
  const off = github('      - uses: actions/setup-go@v5\n        with: { cache: false }').replace(
    / +container: .*\n/,
    '',
  );
  expect(notesOf('github', off)).toEqual([]);
  expect(textOf('github', off)).not.toContain('cache:');
});
