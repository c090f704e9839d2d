import { describe, expect, it } from 'vitest';
import { inputVariable, type Input } from '../../../src/core/input.ts';
import { readInputs } from '../../../src/convert/plan-files.ts';
import { takeInputs } from '../../../src/pipeline/inputs.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';

const STEP = 'steps: { a: { image: "busybox:1.36", commands: "echo ${CI_INPUT_TARGET}" } }\n';
const INPUTS = `inputs:
  target: { type: choice, options: [staging, live], description: Where to, required: true }
  dry-run: { type: boolean }
  version: { default: v1, pattern: "^v[0-9]+$" }
  count: { type: number, min: 1, max: 9.5 }
  note: {}
`;

const asked = (text: string): readonly Input[] =>
  readInputs([{ path: 'slipway.yml', text }], { hasDockerfile: false }) ?? [];
const take = (given: Record<string, string>) => takeInputs(asked(INPUTS + STEP), given);
const manual = (inputs: Record<string, string>) => ({ ...EVENTS.manual, inputs });

describe('what a file asks for', () => {
  it('is told with type, description, default, options and bounds', () => {
    expect(asked(INPUTS + STEP).map(({ name, type, required }) => [name, type, required])).toEqual([
      ['target', 'choice', true],
      ['dry-run', 'boolean', false],
      ['version', 'string', false],
      ['count', 'number', false],
      ['note', 'string', false],
    ]);
    expect(asked(INPUTS + STEP)[0]).toMatchObject({ options: ['staging', 'live'], description: 'Where to' });
    expect(asked(INPUTS + STEP)[3]).toMatchObject({ min: 1, max: 9.5, default: null });
  });

  it('is nothing where the file has errors, which the build shows', () => {
    expect(
      readInputs([{ path: 'slipway.yml', text: `${INPUTS}nope: 1` }], { hasDockerfile: true }),
    ).toBeNull();
  });

  it('has patterns that are bounded in all files of a build together, with those of `evaluate`', () => {
    const files = Array.from({ length: 24 }, (_, file) => ({
      path: `.slipway/f${String(file).padStart(2, '0')}.yml`,
      text: `inputs: { v${file}: { pattern: "${String.fromCharCode(97 + file)}{350}" } }\n${STEP.replace('${CI_INPUT_TARGET}', '')}`,
    }));
    const evaluate = `when: { evaluate: 'CI_REPO matches "z{1000}" || CI_REPO matches "y{1000}"' }\n`;
    const codes = (some: typeof files) =>
      planPipeline({ ...inputOf(null, EVENTS.manual), files: some }).problems.map(
        ({ code, file, message }) => `${file} ${code}: ${message}`,
      );
    expect(codes(files.slice(0, 12))).toEqual([]);
    const message =
      'The file is too complex: the patterns of the build together have more characters, each repetition written out, than 50000.';
    expect(codes(files)[0]).toBe(`.slipway/f23.yml too_complex: ${message}`);
    const mixed = files
      .slice(0, 20)
      .map(({ path, text }, at) => ({ path, text: at === 0 ? evaluate + text : text }));
    expect(codes(mixed)[0]).toContain('too_complex');
  });

  it('several files ask for together, and for the same input in the same way', () => {
    const files = (second: string) => [
      { path: '.slipway/a.yml', text: `inputs: { target: { default: x } }\n${STEP}` },
      { path: '.slipway/b.yml', text: `inputs: { ${second} }\n${STEP}` },
    ];
    const facts = { hasDockerfile: false };
    expect(readInputs(files('target: { default: x }, n: {}'), facts)?.map(({ name }) => name)).toEqual([
      'target',
      'n',
    ]);
    const { problems } = planPipeline({
      ...inputOf(null, EVENTS.manual),
      files: files('target: { default: y }'),
    });
    expect(problems.map(({ code, file }) => `${file} ${code}`)).toEqual(['.slipway/b.yml input_differs']);
  });
});

describe('values that are given', () => {
  it('are taken with the defaults of the others', () => {
    expect(take({ target: 'live', count: '2' })).toEqual({
      values: { target: 'live', 'dry-run': 'false', version: 'v1', count: '2' },
      wrong: [],
    });
    expect(take({ target: 'live', note: '', version: 'v22' }).values).toMatchObject({
      note: '',
      version: 'v22',
    });
  });

  it('that are wrong are all told at once, each with the value and what would be right', () => {
    const { wrong } = take({ 'dry-run': 'yes', version: 'latest', count: '10', targt: 'live' });
    expect(wrong).toEqual([
      'there is no input `targt` (did you mean `target`?)',
      '`target` is required',
      '`dry-run` cannot be `yes`: it is `true` or `false`',
      '`version` cannot be `latest`: it matches `^v[0-9]+$`',
      '`count` cannot be `10`: it is at most 9.5',
    ]);
    expect(take({ target: 'prod', count: '1e3' }).wrong).toEqual([
      '`target` cannot be `prod`: it is one of `staging`, `live`',
      '`count` cannot be `1e3`: it is a number such as `-3` or `0.5`',
    ]);
  });

  it('have no line break and no more than 1,024 characters', () => {
    expect(take({ target: 'live', note: 'a\nb' }).wrong).toHaveLength(1);
    expect(take({ target: 'live', note: 'x'.repeat(1_025) }).wrong).toHaveLength(1);
    expect(take({ target: 'live', note: '__proto__' }).wrong).toEqual([]);
    expect(take({ target: 'live', constructor: 'x' }).wrong).toHaveLength(1);
  });
});

describe('steps', () => {
  it('have inputs in their environment, and never in their commands', () => {
    const plan = planOf(INPUTS + STEP, manual({ target: '"; rm -rf /', 'dry-run': 'true' }));
    expect(plan.steps[0]?.environment).toEqual({
      CI_INPUT_TARGET: '"; rm -rf /',
      CI_INPUT_DRY_RUN: 'true',
      CI_INPUT_VERSION: 'v1',
    });
    expect(plan.steps[0]?.commands).toEqual(['echo ${CI_INPUT_TARGET}']);
    expect(inputVariable('dry-run')).toBe('CI_INPUT_DRY_RUN');
  });

  it('of other events have the defaults', () => {
    for (const event of [EVENTS.push, EVENTS.tag, EVENTS.pull])
      expect(planOf(INPUTS + STEP, event).steps[0]?.environment).toEqual({
        CI_INPUT_DRY_RUN: 'false',
        CI_INPUT_VERSION: 'v1',
      });
  });
});

it('conditions and values may take an input, also the condition of the file', () => {
  const file = `when: { evaluate: 'CI_INPUT_TARGET == "live"' }
${INPUTS}steps:
  a:
    image: busybox:1.36
    commands: x
    environment: { TO: "\${CI_INPUT_TARGET}" }
    when: { evaluate: 'CI_INPUT_DRY_RUN != "true"' }
services: { db: { image: "redis:\${CI_INPUT_VERSION}" } }
`;
  expect(lint(file).filter((one) => !one.endsWith('service_unused'))).toEqual([]);
  const plan = planOf(file, manual({ target: 'live', 'dry-run': 'true' }));
  expect(plan.steps[0]).toMatchObject({ selected: false });
  expect(planOf(file, manual({ target: 'live' })).steps[0]?.environment['TO']).toBe('live');
  expect(plan.services[0]).toMatchObject({
    image: 'redis:v1',
    environment: { CI_INPUT_TARGET: 'live', CI_INPUT_VERSION: 'v1' },
  });
  expect(planPipeline(inputOf(file, EVENTS.push)).plan?.workflows).toEqual([]);
});

it('an input that the file does not ask for is no variable', () => {
  expect(lint(`steps: { a: { image: "x:1", commands: x, when: { evaluate: CI_INPUT_A == "b" } } }`)).toEqual([
    '1:60 expression_name',
  ]);
  expect(lint(`steps: { a: { image: "x:\${CI_INPUT_A}", commands: x } }`)).toEqual(['1:22 variable_unknown']);
});

it.each([
  ['inputs: { 1a: {} }', '2:11 value_wrong'],
  ['inputs: { a: text }', '2:14 type_wrong'],
  ['inputs: { a: { type: secret } }', '2:22 value_wrong'],
  ['inputs: { a: { options: [b] } }', '2:25 input_key'],
  ['inputs: { a: { type: choice, options: [] } }', '2:39 list_empty'],
  ['inputs: { a: { type: choice, options: [b], default: c } }', '2:53 input_default'],
  ['inputs: { a: { type: number, min: x } }', '2:35 value_wrong'],
  ['inputs: { a: { pattern: "(a{1000}){1000}" } }', '2:25 input_pattern'],
  ['inputs: { a: { pattern: "a{1000}" } }', '2:11 too_complex'],
])('%s is refused', (inputs, problem) => {
  expect(lint(`${STEP.replace('${CI_INPUT_TARGET}', '')}${inputs}`)).toEqual([problem]);
});
