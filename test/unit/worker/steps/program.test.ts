import { expect, it } from 'vitest';
import type { ProgramPlan } from '../../../../src/core/plan.ts';
import { stepOf } from '../../../support/record.ts';
import { runFlow } from './fake-flow.ts';

const program = (changes: Partial<ProgramPlan> = {}): ProgramPlan => ({
  entrypoint: null,
  directory: null,
  settings: {},
  ...changes,
});
const plugin = (changes: Partial<ProgramPlan> = {}) =>
  stepOf('plugin', { image: 'a/plugin:1', commands: ['exit 1'], program: program(changes) });
const image = { entrypoint: ['/bin/plugin'], command: ['--all'] };

it("runs the image's entrypoint and command in the workspace, with the settings", async () => {
  const step = plugin({
    settings: { PLUGIN_TOKEN: { fromSecret: 'api' }, PLUGIN_TAGS: { list: ['a', 'b'] } },
  });
  const { outcome, runs, logs } = await runFlow({ steps: [step], image, secrets: { api: 's3cret' } });
  expect(outcome.status).toBe('success');
  expect(runs).toHaveLength(1);
  expect(runs[0]).toMatchObject({
    command: ['/bin/plugin', '--all'],
    workingDirectory: '/workspace',
    environment: { PLUGIN_TOKEN: 's3cret', PLUGIN_TAGS: 'a,b', CI_STEP_TYPE: 'plugin' },
  });
  expect(logs['plugin']).toBe('');
});

it('runs the words of the file instead, in the folder of the file', async () => {
  const step = plugin({ entrypoint: ['/bin/other', 'x y'], directory: 'web' });
  const { runs } = await runFlow({ steps: [step], image });
  expect(runs[0]).toMatchObject({ command: ['/bin/other', 'x y'], workingDirectory: '/workspace/web' });
});

it('ends with the exit code of the program', async () => {
  const { outcome } = await runFlow({ steps: [plugin()], image, exitCode: () => 5 });
  expect(outcome).toMatchObject({ status: 'failure', reason: 'step plugin: exit code 5', exitCode: 5 });
});

it('fails where the image has no program', async () => {
  const { outcome, runs } = await runFlow({ steps: [plugin()] });
  expect(outcome).toMatchObject({
    status: 'failure',
    reason: 'step plugin: the image names no program to run: write `entrypoint` or `commands`',
  });
  expect(runs).toEqual([]);
});

it('fails without the secret that a setting needs', async () => {
  const step = plugin({ settings: { PLUGIN_A: { map: { b: { fromSecret: 'gone' } } } } });
  const { outcome, runs } = await runFlow({ steps: [step], image });
  expect(outcome.reason).toBe('step plugin: the secret gone is not set in this project');
  expect(runs).toEqual([]);
});
