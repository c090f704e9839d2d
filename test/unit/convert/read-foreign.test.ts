import { expect, it } from 'vitest';
import { formatOf } from '../../../src/convert/format-of.ts';
import { isForeignPath, isPipelineFileIn, readForeign } from '../../../src/convert/read-foreign.ts';

const file = (path: string) => ({ path, content: 'steps: { a: { image: "busybox:1.36", commands: x } }\n' });

it('the first place that has files is read, each file as a workflow of its name', () => {
  const names = (paths: readonly string[]) => readForeign(paths.map(file))?.workflows.map(({ name }) => name);
  expect(names(['.drone.yml', '.woodpecker/b.yml', '.woodpecker/a.yaml', '.woodpecker.yml'])).toEqual([
    'a',
    'b',
  ]);
  expect(names(['.woodpecker.yaml', '.drone.yml'])).toEqual(['default']);
  expect(names(['.woodpecker/deploy/production.yml', '.woodpecker/a.yml'])).toEqual(['default']);
  expect(readForeign([file('.drone.yml')])?.format).toBe('drone');
  expect(readForeign([file('README.md')])).toBeNull();
});

it.each([
  ['.woodpecker.yml', '.woodpecker.yaml', 1],
  ['.drone.yaml', '.drone.yml', 1],
])('of %s and %s one is read, as there', (one, other, index) => {
  const [read] = [one, other].slice(index);
  const text = (path: string): string =>
    `kind: pipeline\nsteps: [{ name: a, image: "busybox:1.36", commands: ["echo ${path}"] }]\n`;
  const { workflows } = readForeign([one, other].map((path) => ({ path, content: text(path) }))) ?? {};
  expect(workflows?.map((each) => each.text)).toEqual([expect.stringContaining(`echo ${read}`)]);
});

it('hidden files of the folder are workflows, too, which Woodpecker knows by their names without the first dot', () => {
  const names = (paths: readonly string[]) => readForeign(paths.map(file))?.workflows.map(({ name }) => name);
  expect(names(['.woodpecker/.hidden.yml', '.woodpecker/a.yml'])).toEqual(['hidden', 'a']);
  expect(names(['.woodpecker/.yml', '.woodpecker/a.yaml.yml'])).toEqual(['default', 'a']);
});

it.each([
  ['.woodpecker', '.hidden.yml', true],
  ['.woodpecker', '.yaml', true],
  ['.woodpecker', 'Test.YML', false],
  ['.woodpecker', 'a\nb.yml', false],
  ['.woodpecker', 'yml', false],
  ['.slipway', '.hidden.yml', false],
  ['.slipway', 'Test.YML', true],
])('in %s/ %j is read: %s', (folder, name, expected) => {
  expect(isPipelineFileIn(folder, name)).toBe(expected);
});

it.each(['.woodpecker.yml', '.woodpecker/test.yaml', '.drone.yml'])('%s is looked for', (path) => {
  expect(isForeignPath(path)).toBe(true);
});

it.each([
  'slipway.yml',
  '.woodpecker/sub/test.yml',
  '.gitlab-ci.yml',
  '.github/workflows/ci.yml',
  'a/.drone.yml',
])('%s is not', (path) => {
  expect(isForeignPath(path)).toBe(false);
});

it.each([
  ['a/.woodpecker/x.yml', '', 'woodpecker'],
  ['.drone.yaml', '', 'drone'],
  ['.gitlab-ci.yml', '', 'gitlab'],
  ['.github/workflows/x.yaml', '', 'github'],
  ['-', 'kind: pipeline\n', 'drone'],
  ['x.yml', 'on: push\njobs:\n', 'github'],
  ['x.yml', 'steps:\n', 'woodpecker'],
  ['x.yml', 'stages: [a]\n', 'gitlab'],
  ['x.txt', 'hello', null],
])('%s with %j is of the format %s', (path, text, format) => {
  expect(formatOf(path, text)).toBe(format);
});
