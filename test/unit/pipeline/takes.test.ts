import { describe, expect, test } from 'vitest';
import { lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import { EVENTS, inputOf, lint, workflowsOf } from './support.ts';

const KEEPS =
  'steps: { make: { image: "node:24", commands: x, artifacts: { paths: [dist], name: site } } }\n';
const STEPS = 'steps: { a: { image: "node:24", commands: x } }\n';

const filesOf = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([name, text]) => ({ path: `.slipway/${name}.yml`, text }));

/** What each workflow takes, by its name and combination. */
const takes = (texts: Readonly<Record<string, string>>) =>
  workflowsOf(inputOf(null, EVENTS.push, { files: filesOf(texts) })).flatMap(({ plan }) => plan.takes ?? []);

const problems = (texts: Readonly<Record<string, string>>) =>
  lintWorkflows(filesOf(texts), { hasDockerfile: true })
    .filter(({ severity }) => severity === 'error')
    .map(({ file, line, column, code, message, fix }) => {
      expect(`${message} ${fix}`).not.toMatch(/(?<!\$)\{\w+\}|undefined/);
      return `${file.slice('.slipway/'.length)}:${line}:${column} ${code}: ${fix}`;
    });

describe('a workflow that takes artifacts of another', () => {
  test('takes all of them into the workspace, or those that it names into a folder of it', () => {
    const test_ = `${STEPS}depends_on: build\n`;
    expect(takes({ build: KEEPS, test: `${test_}artifacts: { from: build }` })).toEqual([
      { from: 'build', matrix: {}, names: null, path: '.', optional: false },
    ]);
    const two = 'artifacts: [{ from: build, name: site, path: ./public/ }, { from: build, optional: true }]';
    expect(takes({ build: KEEPS, test: `${test_}${two}` })).toEqual([
      { from: 'build', matrix: {}, names: ['site'], path: 'public', optional: false },
      { from: 'build', matrix: {}, names: null, path: '.', optional: true },
    ]);
  });

  test('may wait for it by way of others', () => {
    const texts = {
      build: KEEPS,
      test: `${STEPS}depends_on: build`,
      last: `${STEPS}depends_on: test\nartifacts: { from: build }`,
    };
    expect(problems(texts)).toEqual([]);
  });

  test('gets what agrees with its own combination, or what it asks for', () => {
    const build = `${KEEPS}matrix: { NODE: [20, 22], OS: [linux, mac] }`;
    const test_ = (matrix: string) =>
      `${STEPS}depends_on: build\nmatrix: { NODE: [20, 22], BROWSER: [a] }\nartifacts: { from: build${matrix} }`;
    const wanted = (matrix: string) => takes({ build, test: test_(matrix) }).map((one) => one.matrix);
    expect(wanted('')).toEqual([{ NODE: '20' }, { NODE: '22' }]);
    expect(wanted(', matrix: { OS: mac }')).toEqual([{ OS: 'mac' }, { OS: 'mac' }]);
  });
});

test.each([
  ['artifacts: { name: site }', 'key_missing'],
  ['artifacts: build', 'type_wrong'],
  ['artifacts: { from: build, path: ../x }', 'value_wrong'],
  ['artifacts: { from: build, paths: [x] }', 'key_not_yet'],
  ['artifacts: []', 'list_empty'],
])('%s is refused', (text, code) => {
  expect(lint(`${STEPS}${text}`).join()).toContain(code);
});

test('who is not waited for, or keeps nothing such, is named, with what to write', () => {
  const taking = (text: string, more = '') => `${STEPS}${more}artifacts: { ${text} }`;
  expect(problems({ build: KEEPS, test: taking('from: build') })).toEqual([
    'test.yml:2:20 artifact_not_awaited: Add `build` to `depends_on`.',
  ]);
  expect(problems({ build: KEEPS, test: taking('from: biuld') })).toEqual([
    'test.yml:2:20 artifact_not_awaited: Did you mean `build`?',
  ]);
  expect(problems({ test: taking('from: test') })[0]).toContain('share the workspace');
  const waits = 'depends_on: build\n';
  expect(problems({ build: STEPS, test: taking('from: build', waits) })).toEqual([
    'test.yml:3:20 artifact_unknown: Write `artifacts` on the step that makes the files.',
  ]);
  expect(problems({ build: KEEPS, test: taking('from: build, name: [site, sit, logs]', waits) })).toEqual([
    'test.yml:3:40 artifact_unknown: Did you mean `site`?',
    'test.yml:3:45 artifact_unknown: It keeps `site`.',
  ]);
  const matrix = `${KEEPS}matrix: { NODE: [20] }`;
  expect(problems({ build: matrix, test: taking('from: build, matrix: { NODE: 22 }', waits) })).toEqual([
    'test.yml:3:43 artifact_unknown: Write a variable of its matrix and one of its values.',
  ]);
});

test('what an included file keeps that is not at hand is not missed', () => {
  const build = `include: { project: a/b, commit: ${'0'.repeat(40)}, file: x.yml }\n${STEPS}`;
  expect(
    problems({ build, test: `${STEPS}depends_on: build\nartifacts: { from: build, name: site }` }),
  ).toEqual([]);
});

test('values of a matrix that no one combination has are found, and so is a combination that gets nothing', () => {
  const build = `${KEEPS}matrix: { NODE: [20, 22], OS: [linux, mac], exclude: [{ NODE: 20, OS: mac }] }`;
  const test_ = (matrix: string, take: string) =>
    problems({ build, test: `${STEPS}depends_on: build\n${matrix}artifacts: { from: build${take} }` });
  expect(test_('', ', matrix: { NODE: 22, OS: mac }')).toEqual([]);
  expect(test_('', ', matrix: { NODE: 20, OS: mac }')).toEqual([
    'test.yml:3:51 artifact_unknown: Each of these values is in its matrix, and none of its combinations has them all: write values of one combination.',
  ]);
  expect(test_('', '')).toEqual([]);
  expect(test_('matrix: { OS: [linux, mac], X: [1] }\n', '')).toEqual([]);
  const agreeing = [
    expect.stringMatching(/^test.yml:4:20 artifact_unknown: This workflow has that combination/),
  ];
  expect(test_('matrix: { NODE: [20, 24] }\n', '')).toEqual(agreeing);
  expect(test_('matrix: { NODE: [20, 22], OS: [mac] }\n', '')).toEqual(agreeing);
  expect(test_('matrix: { NODE: [20, 24] }\n', ', optional: true')).toEqual([]);
  expect(test_('matrix: { NODE: [20, 24] }\n', ', matrix: { NODE: 22 }')).toEqual([]);
});
