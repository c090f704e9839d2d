import { describe, expect, test } from 'vitest';
import { secretsOfProgram, settingVariables } from '../../../src/core/program.ts';
import { workflowSecrets } from '../../../src/core/workflow-rows.ts';
import { EVENTS, lint, planOf } from './support.ts';

const programOf = (keys: string, event = EVENTS.push) =>
  planOf(`steps: { a: { image: a/plugin:1, ${keys} } }`, event).steps[0]?.program;

const variablesOf = (settings: string, secrets: Record<string, string> = {}) => {
  const program = programOf(`settings: ${settings}`);
  return program === undefined ? null : settingVariables(program, secrets);
};

describe('settings', () => {
  test('become variables whose names plugins know', () => {
    expect(variablesOf('{ some-bool: false, some_String: hello, anInt: 3, a.b: 1.10, on: yes }')).toEqual({
      PLUGIN_SOME_BOOL: 'false',
      PLUGIN_SOME_STRING: 'hello',
      PLUGIN_ANINT: '3',
      PLUGIN_A_B: '1.10',
      PLUGIN_ON: 'yes',
    });
  });

  test('are joined by commas as a list of values, and are JSON of text where they are nested', () => {
    expect(
      variablesOf('{ tags: [1.0, latest], none: [], complex: { abc: 2, list: [2, 3] }, rows: [{ a: b }] }'),
    ).toEqual({
      PLUGIN_TAGS: '1.0,latest',
      PLUGIN_NONE: '',
      PLUGIN_COMPLEX: '{"abc":"2","list":["2","3"]}',
      PLUGIN_ROWS: '[{"a":"b"}]',
    });
  });

  test('take secrets at any depth, and the build asks for each of them', () => {
    const settings =
      '{ token: { from_secret: api }, more: [{ from_secret: b }, x], deep: { key: { from_secret: c } } }';
    expect(variablesOf(settings, { api: 'A', b: 'B', c: 'C "q"' })).toEqual({
      PLUGIN_TOKEN: 'A',
      PLUGIN_MORE: 'B,x',
      PLUGIN_DEEP: '{"key":"C \\"q\\""}',
    });
    const plan = planOf(`steps: { a: { image: a/plugin:1, settings: ${settings} } }`);
    expect(workflowSecrets(plan)).toEqual(['api', 'b', 'c']);
    expect(secretsOfProgram(undefined)).toEqual([]);
  });

  test('have variables of the event replaced, where the step is selected', () => {
    const settings = 'settings: { tags: ["${CI_COMMIT_BRANCH}", v1], deep: { a: "${CI_COMMIT_BRANCH}" } }';
    expect(programOf(settings)?.settings).toEqual({
      PLUGIN_TAGS: { list: ['main', 'v1'] },
      PLUGIN_DEEP: { map: { a: 'main' } },
    });
    expect(programOf(`${settings}, when: { event: tag }`)?.settings).toEqual({
      PLUGIN_TAGS: { list: ['${CI_COMMIT_BRANCH}', 'v1'] },
      PLUGIN_DEEP: { map: { a: '${CI_COMMIT_BRANCH}' } },
    });
  });

  test('make a step whose commands fail on a worker that knows of none', () => {
    const [step] = planOf('steps: { a: { image: a/plugin:1, settings: {}, directory: web } }').steps;
    expect(step?.commands).toContain('exit 1');
    expect(step?.commands.join('\n')).toContain('the worker is too old');
    expect(step?.program).toEqual({ entrypoint: null, directory: 'web', settings: {} });
  });

  test('are warned of where a pull request reaches their secrets', () => {
    const text = 'steps: { a: { image: a/b:1, settings: { x: [{ from_secret: t }] } } }';
    expect(lint(text)).toEqual(['1:45 secret_in_pull_request']);
  });

  test('count as a use of a service', () => {
    const services = 'services: { db: { image: postgres:15 } }';
    expect(lint(`${services}\nsteps: { a: { image: a/b:1, settings: { url: "db:5432" } } }`)).toEqual([]);
    expect(lint(`${services}\nsteps: { a: { image: a/b:1, entrypoint: [psql, -h, db] } }`)).toEqual([]);
  });

  test.each([
    ['settings: x', '1:39 type_wrong'],
    ['settings: { 1a: x }', '1:41 value_wrong'],
    ['settings: { a: }', '1:44 value_missing'],
    ['settings: { a: { from_secret: "a b" } }', '1:59 value_wrong'],
    ['settings: { a: { from_secret: t, x: y } }', '1:62 key_unknown'],
    ['settings: { a: "${CI_COMIT_SHA}" }', '1:44 variable_unknown'],
    ['settings: { a: b }, commands: x', '1:10 program_and_commands'],
    ['entrypoint: [a], commands: x', '1:10 program_and_commands'],
    ['entrypoint: []', '1:41 list_empty'],
    ['environment: {}', '1:15 key_missing'],
  ])('%s is refused', (keys, problem) => {
    expect(lint(`steps: { a: { image: a/b:1, ${keys} } }`)).toContain(problem);
  });
});

test('an entrypoint runs its words as they are', () => {
  expect(programOf('entrypoint: [/app, "--name=a b", "$X"]')).toEqual({
    entrypoint: ['/app', '--name=a b', '$X'],
    directory: null,
    settings: {},
  });
});
