import { expect, test } from 'vitest';
import { USUAL_TEST_FILES } from '../../../src/core/split.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';

const splitOf = (split: string) =>
  planOf(`steps: { a: { commands: x, split: ${split}, reports: { junit: r.xml } } }`).steps;

test('a number makes so many shares of the step, which divide what the usual tools take for tests', () => {
  const steps = splitOf('3');
  expect(steps.map(({ name }) => name)).toEqual(['a 1/3', 'a 2/3', 'a 3/3']);
  expect(steps[1]?.split).toEqual({
    step: 'a',
    share: 2,
    of: 3,
    files: USUAL_TEST_FILES,
    directory: null,
  });
  expect(steps.every(({ dependsOn }) => dependsOn.length === 0)).toBe(true);
});

test('a map says which files those are, or that the commands divide the work', () => {
  const filesOf = (files: string) => splitOf(`{ count: 2, files: ${files} }`)[0]?.split?.files;
  expect(filesOf('./test/**/*.ts')).toEqual(['test/**/*.ts']);
  expect(filesOf('[a, b]')).toEqual(['a', 'b']);
  expect(filesOf('none')).toBeNull();
  expect(filesOf('[none]')).toEqual(['none']);
});

test('what waits for the step waits for all of its shares, and they for what it waits for', () => {
  const steps = planOf(`steps:
  install: { commands: x }
  unit: { commands: x, split: 2, reports: { junit: r } }
  e2e: { commands: x, split: 2, reports: { junit: r } }
  ship: { commands: x }`).steps;
  expect(Object.fromEntries(steps.map(({ name, dependsOn }) => [name, dependsOn]))).toEqual({
    install: [],
    'unit 1/2': ['install'],
    'unit 2/2': ['install'],
    'e2e 1/2': ['unit 1/2', 'unit 2/2'],
    'e2e 2/2': ['unit 1/2', 'unit 2/2'],
    ship: ['e2e 1/2', 'e2e 2/2'],
  });
});

test('reports and artifacts of a share may be named by its number, and are below its folder', () => {
  const [, second] = planOf(`steps:
  a:
    commands: x
    directory: web
    split: 2
    reports: { junit: "junit-\${CI_NODE_INDEX}-\${CI_NODE_TOTAL}.xml" }
    artifacts: { paths: ["coverage/\${CI_NODE_INDEX}"] }`).steps;
  expect(second?.reports).toEqual({ junit: ['web/junit-2-2.xml'] });
  expect(second?.artifacts?.paths).toEqual(['web/coverage/2']);
  expect(second?.split?.directory).toBe('web');
});

test('a step that the event leaves out is skipped as one', () => {
  const steps = planOf(
    'steps: { a: { commands: x, split: 4, when: { event: tag }, reports: { junit: r } }, b: { commands: x } }',
  ).steps;
  expect(steps.map(({ name, selected, dependsOn }) => [name, selected, dependsOn])).toEqual([
    ['a', false, []],
    ['b', true, []],
  ]);
  expect(steps[0]).not.toHaveProperty('split');
});

test.each([
  ['1', '1:35 value_wrong'],
  ['65', '1:35 value_wrong'],
  ['many', '1:35 value_wrong'],
  ['[4]', '1:35 type_wrong'],
  ['{}', '1:35 key_missing'],
  ['{ count: 4, files: [] }', '1:54 list_empty'],
  ['{ count: 4, files: ../x }', '1:54 value_wrong'],
  ['{ count: 4, by: time }', '1:47 key_unknown'],
])('split: %s is refused', (split, problem) => {
  expect(lint(`steps: { a: { commands: x, split: ${split} } }`)).toContain(problem);
});

test('lint says what spoils the division, and what does not need one is left alone', () => {
  const codes = (step: string) =>
    lint(`image: {}\nsteps: { a: { commands: x, ${step} } }`).map((one) => one.split(' ')[1]);
  expect(codes('split: 4')).toContain('split_without_reports');
  expect(codes('split: { count: 4, files: none }')).not.toContain('split_without_reports');
  expect(codes('split: 4, reports: { junit: r.xml }')).not.toContain('split_reports_shared');
  expect(codes('image: "b:1", split: 4, reports: { junit: r.xml }')).toContain('split_reports_shared');
  expect(codes('image: "b:1", split: 4, reports: { junit: "${CI_NODE_INDEX}.xml" }')).not.toContain(
    'split_reports_shared',
  );
});

test('shares are steps: they are counted with those of the file and of the whole build', () => {
  const steps = (count: number) =>
    Array.from({ length: count }, (_, i) => `  s${i}: { commands: x, split: 64, depends_on: [] }`).join('\n');
  expect(lint(`steps:\n${steps(31)}`).join()).not.toContain('too_complex');
  expect(lint(`steps:\n${steps(32)}`).join()).toContain('too_complex');
  const values = Array.from({ length: 11 }, (_, i) => i).join(', ');
  const matrix = planPipeline(inputOf(`matrix: { N: [${values}] }\nsteps:\n${steps(31)}`, EVENTS.push));
  expect(matrix.problems.map(({ code }) => code)).toEqual(['too_complex']);
});

test('a chain of shares that wait for each other is bounded', () => {
  const chain = Array.from({ length: 31 }, (_, i) => `  s${i}: { commands: x, split: 64 }`).join('\n');
  expect(lint(`steps:\n${chain}`).join()).not.toContain('too_complex');
  const all = Array.from({ length: 20 }, (_, i) => {
    const before = Array.from({ length: i }, (_unused, j) => `s${j}`).join(', ');
    return `  s${i}: { commands: x, split: 64, depends_on: [${before}] }`;
  }).join('\n');
  expect(lint(`steps:\n${all}`).join()).toContain('too_complex');
});

test('what is written once and runs in many shares is bounded in its length', () => {
  const file = (characters: number) =>
    `image: {}\nsteps: { a: { commands: "${'x'.repeat(characters)}", split: { count: 64, files: none } } }`;
  expect(lint(file(16_000)).join()).not.toContain('too_complex');
  expect(lint(file(17_000)).join()).toContain('too_complex');
});

test('what variables stand for counts in each share', () => {
  const of = (count: number) =>
    planPipeline(
      inputOf(
        `steps: { a: { commands: x, environment: { M: "\${CI_COMMIT_MESSAGE}" }, split: ${count}, reports: { junit: r } } }`,
        { ...EVENTS.push, message: 'm'.repeat(65_000) },
      ),
    ).problems.map(({ code }) => code);
  expect(of(2)).toEqual([]);
  expect(of(64)).toEqual(['too_complex']);
});

test('inputs and values of the matrix, which each share has, count in each', () => {
  const inputs = (count: number) =>
    Array.from({ length: count }, (_, i) => `i${i}: { default: "${'v'.repeat(1_000)}" }`).join(', ');
  const steps = Array.from({ length: 30 }, (_, i) => `s${i}: { commands: x, split: 64, depends_on: [] }`);
  const problems = (count: number, matrix = '') =>
    planPipeline(
      inputOf(`inputs: { ${inputs(count)} }\n${matrix}steps: { ${steps.join(', ')} }`, EVENTS.push),
    ).problems.map(({ line, code, message }) => `${line} ${code} ${message}`);
  expect(problems(4)).toEqual([]);
  expect(problems(5)).toEqual([expect.stringMatching(/^2 too_complex .*8388608/)]);
  expect(problems(3, 'matrix: { N: [1, 2] }\n')).toEqual([expect.stringMatching(/^3 too_complex/)]);
  expect(problems(0, `matrix: { N: ["${'v'.repeat(250)}"] }\n`)).toEqual([]);
});
