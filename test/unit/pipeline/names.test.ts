import { expect, test } from 'vitest';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';

const plansOf = (text: string, event: (typeof EVENTS)[keyof typeof EVENTS] = EVENTS.push) => {
  const { plan, problems } = planPipeline(inputOf(text, event));
  return {
    names: plan?.workflows.map((one) => one.plan.steps.map(({ name }) => name)) ?? null,
    services: plan?.workflows.map((one) => one.plan.services.map(({ name }) => name)) ?? null,
    problems: problems.map(({ code, line, column, message }) => `${line}:${column} ${code} ${message}`),
  };
};

test('names of steps and services take variables, and those who wait for them name them as the file does', () => {
  const { plan } = planPipeline(
    inputOf(
      [
        'matrix: { NODE: ["20", "22"] }',
        'services: { "db-${NODE}": { image: "postgres:15" } }',
        'steps:',
        '  - { name: "unit-${NODE}", image: "node:${NODE}", commands: "psql -h db-$NODE", depends_on: [] }',
        '  - { name: "pack ${CI_COMMIT_BRANCH}", image: "a:1", commands: x, depends_on: ["unit-${NODE}"] }',
      ].join('\n'),
      EVENTS.push,
    ),
  );
  expect(plan?.workflows.map((one) => one.plan.services.map(({ name }) => name))).toEqual([
    ['db-20'],
    ['db-22'],
  ]);
  expect(
    plan?.workflows.map((one) => one.plan.steps.map(({ name, dependsOn }) => [name, dependsOn])),
  ).toEqual([
    [
      ['unit-20', []],
      ['pack main', ['unit-20']],
    ],
    [
      ['unit-22', []],
      ['pack main', ['unit-22']],
    ],
  ]);
});

test('shares of a step have its name with variables replaced', () => {
  const steps = planOf(
    'steps: [{ name: "u-${CI_COMMIT_BRANCH}", commands: x, split: 2, reports: { junit: r } }, { name: b, commands: x }]',
  ).steps;
  expect(steps.map(({ name, dependsOn, split }) => [name, dependsOn, split?.step])).toEqual([
    ['u-main 1/2', [], 'u-main'],
    ['u-main 2/2', [], 'u-main'],
    ['b', ['u-main 1/2', 'u-main 2/2'], undefined],
  ]);
});

test('two steps with one name after the replacement are an error at the second', () => {
  const file = [
    'steps:',
    '  - { name: "on ${CI_COMMIT_BRANCH}", commands: x }',
    '  - { name: "on main", commands: x }',
  ].join('\n');
  expect(lint(file)).toEqual([]);
  expect(plansOf(file).problems).toEqual([
    '3:13 name_duplicate There are two steps named `on main`; the first is on line 2.',
  ]);
  expect(plansOf(file, EVENTS.feature).problems).toEqual([]);
});

test('a name that is another step’s share is an error, too', () => {
  const file =
    'steps: [{ name: u, commands: x, split: 2, reports: { junit: r } }, { name: "u ${CI_PIPELINE_NUMBER}/2", commands: x }]';
  const { problems } = planPipeline({
    ...inputOf(file, EVENTS.push),
    build: { ...inputOf(file, EVENTS.push).build, number: 2 },
  });
  expect(problems.map(({ code, column }) => `${column} ${code}`)).toEqual(['76 name_duplicate']);
});

test('what becomes no name is an error that says what it became', () => {
  const service = 'services: { "db-${CI_COMMIT_BRANCH}": { image: "a:1" } }\nsteps: { a: { commands: x } }';
  expect(plansOf(service, EVENTS.feature).problems).toEqual([
    '1:13 name_wrong `db-feature/Cart_2` (from `db-${CI_COMMIT_BRANCH}`) is no name of a service.',
  ]);
  expect(plansOf('steps: { "${CI_COMMIT_TAG}": { commands: x } }').problems).toEqual([
    '1:10 name_wrong `` (from `${CI_COMMIT_TAG}`) is no name of a step.',
  ]);
});

test('a step that the event leaves out needs no value for its name', () => {
  const file = [
    'steps:',
    '  - { name: "${CI_COMMIT_TAG:?}", commands: x, when: { event: tag } }',
    '  - { name: "release ${CI_COMMIT_TAG}", commands: x, when: { event: tag } }',
  ].join('\n');
  expect(plansOf(file).problems).toEqual([]);
  expect(plansOf(file, EVENTS.tag).names).toEqual([['v1.2.3', 'release v1.2.3']]);
});

test('lint looks at every combination of the matrix', () => {
  const steps = (name: string) =>
    `matrix: { A: [x, "${'y'.repeat(70)}"], B: [x, y] }\nsteps: [{ name: x-y, commands: x }, { name: "${name}", commands: x }]`;
  expect(lint(steps('z-${B}'))).toEqual([]);
  expect(lint(steps('${B}-${A:0:1}-'))).toEqual([]);
  expect(lint(steps('${A:0:1}-${B}'))).toEqual([expect.stringMatching(/^2:45.* name_duplicate$/)]);
  expect(lint(steps('n-${A}'))).toEqual([expect.stringMatching(/^2:45.* name_wrong$/)]);
  expect(
    lint('matrix: { A: [a, B] }\nservices: { "s-${A}": { image: "a:1" } }\nsteps: { t: { commands: s- } }'),
  ).toContainEqual(expect.stringMatching(/^2:13.* name_wrong$/));
});

test('a variable that there is not, and a form that cannot be read, are errors of the file', () => {
  expect(lint('steps: { "u ${NODE}": { commands: x } }')).toEqual([
    expect.stringMatching(/^1:10.* variable_unknown$/),
  ]);
  expect(lint('steps: { "u ${NODE": { commands: x } }')).toEqual([
    expect.stringMatching(/^1:10.* substitution_wrong$/),
  ]);
});
