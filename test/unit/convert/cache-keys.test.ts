import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const github = (key: string, more = '', rest = ''): string => `on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: node:24
    steps:
      - uses: actions/cache@v4
        with:
          path: node_modules
          key: ${key}
${more}      - run: npm ci
${rest}`;
const gitlab = (cache: string): string => `build:\n  image: node:24\n  script: npm ci\n  cache: ${cache}\n`;
const noted = (format: 'github' | 'gitlab', text: string): readonly string[] =>
  notesOf(format, text).filter((one) => !one.includes('it belongs to the next step'));

it.each<[string, string, string]>([
  ["a-${{ hashFiles('/home/runner/work/yay/yay/sub/PKGBUILD') }}", 'files: sub/PKGBUILD', ''],
  ["a-${{ hashFiles('./package-lock.json') }}", 'files: package-lock.json', ''],
  [
    "a-${{ hashFiles('**/go.sum', '!vendor/go.sum') }}",
    'files: "**/go.sum"',
    'files that `!vendor/go.sum` excludes count, too',
  ],
  [
    "a-${{ hashFiles('/etc/passwd') }}",
    'key: a',
    '`/etc/passwd` is no file of the checkout, and ends no key',
  ],
  ["a-${{ hashFiles('../x') }}", 'key: a', '`../x` is no file of the checkout, and ends no key'],
  ['a-${{ hashFiles(matrix.lock) }}', 'key: a', '`hashFiles(matrix.lock)` has no value here'],
  ['"a\\nb"', 'key: a-b', 'a key is one line of at most 512 characters'],
])('the key %s of GitHub becomes one that lint takes, or is noted', (key, expected, note) => {
  const text = github(key);
  expect(textOf('github', text)).toContain(expected);
  expect(errorsOf('github', text)).toEqual([]);
  const notes = noted('github', text);
  expect(notes).toHaveLength(note === '' ? 0 : 1);
  if (note !== '') expect(notes[0]).toContain(note);
});

it.each<[string, string]>([
  [
    '{ key: { files: [/etc/passwd] }, paths: [a] }',
    '`/etc/passwd` is no file of the checkout, and ends no key',
  ],
  ['{ key: "a\\nb", paths: [a] }', 'a key is one line of at most 512 characters'],
  ['{ key: { files: [a], prefix: "a\\nb" }, paths: [a] }', 'a key is one line of at most 512 characters'],
])('so does that of GitLab in %s', (cache, note) => {
  expect(errorsOf('gitlab', gitlab(cache))).toEqual([]);
  expect(noted('gitlab', gitlab(cache)).join('\n')).toContain(note);
});

it('paths of a cache are those of the checkout, also where the commands start elsewhere', () => {
  const text = github("a-${{ hashFiles('web/package-lock.json') }}", '', '        working-directory: web\n');
  const written = textOf('github', text);
  expect(written).toContain('    commands:\n      - cd web\n      - npm ci\n');
  expect(written).not.toContain('directory:');
  expect(noted('github', text)).toEqual([]);
});

it('the `if` of a cache is noted, and so is a cache that no step follows', () => {
  const text = github("a-${{ hashFiles('b') }}", "        if: github.ref == 'refs/heads/main'\n");
  expect(noted('github', text)).toEqual([
    '11 convert_left_out: `jobs.build.steps[0].if` is left out: a cache has no condition but that of its step.',
  ]);
  const last = github("a-${{ hashFiles('b') }}", '      - run: x\n').replace(/      - run: npm ci\n/, '');
  const swapped = last.replace(/(      - uses[^]*?)(      - run: x\n)/, '$2$1');
  expect(noted('github', swapped)).toEqual([
    '8 convert_left_out: `jobs.build.steps[1]` is left out: no step follows that it could belong to.',
  ]);
});

it('a path of a set-up action’s cache that is none leaves the files that its tool has', () => {
  const text = `on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-node@v4
        with: { node-version: 24, cache: npm, cache-dependency-path: /abs/x }
      - run: npm ci
`;
  expect(textOf('github', text)).toContain('- package-lock.json');
  expect(errorsOf('github', text)).toEqual([]);
  expect(noted('github', text)).toEqual([
    expect.stringContaining('`/abs/x` is no file of the checkout, and ends no key'),
  ]);
});
