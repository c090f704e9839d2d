import { expect, it } from 'vitest';
import { settingVariables } from '../../../../src/core/program.ts';
import { stepEnvironment, variablesOf } from '../../../../worker/steps/step-environment.ts';

it("gives the build's variables, then the step's own, with secrets filled in", () => {
  const answer = stepEnvironment(
    { CI: 'true', NAME: 'build' },
    { environment: { NAME: 'step', TOKEN: { fromSecret: 'api' } } },
    { values: { api: 's3cret' } },
  );
  expect(answer).toMatchObject({
    environment: { CI: 'true', NAME: 'step', TOKEN: 's3cret' },
  });
});

it('names the secret that is missing', () => {
  expect(stepEnvironment({}, { environment: { TOKEN: { fromSecret: 'api' } } }, { values: {} })).toEqual({
    missingSecret: 'api',
  });
});

it('takes no secret for set that only an object of JavaScript has', () => {
  const fromSecret = 'constructor';
  const missing = { missingSecret: fromSecret };
  expect(stepEnvironment({}, { environment: { A: { fromSecret } } }, { values: {} })).toEqual(missing);
  const program = { entrypoint: null, directory: null, settings: { PLUGIN_A: { fromSecret } } };
  expect(stepEnvironment({}, { environment: {}, program }, { values: {} })).toEqual(missing);
  expect(settingVariables(program, {})).toEqual({ PLUGIN_A: '' });
});

it('adds what differs from step to step, which the build cannot overwrite', () => {
  const rows = [
    { stepId: 'stp_0', attemptId: 'att_0', kind: 'clone', name: 'clone' },
    { stepId: 'stp_1', attemptId: 'att_1', kind: 'service', name: 'db' },
    { stepId: 'stp_2', attemptId: 'att_2', kind: 'step', name: 'unit tests' },
  ] as const;
  const work = {
    variables: { CI: 'slipway', CI_PIPELINE_URL: 'https://ci/builds/b', CI_STEP_NAME: 'x' },
    steps: rows,
  };
  expect(variablesOf(work, rows[2], { atMs: 1_700_000_000_999, hasFailure: true })).toEqual({
    CI: 'slipway',
    CI_PIPELINE_URL: 'https://ci/builds/b',
    CI_WORKSPACE: '/workspace',
    CI_PIPELINE_STATUS: 'failure',
    CI_STEP_NAME: 'unit tests',
    CI_STEP_TYPE: 'commands',
    CI_STEP_NUMBER: '2',
    CI_STEP_STARTED: '1700000000',
    CI_STEP_URL: 'https://ci/builds/b?log=att_2',
  });
  const after = { ...work, isAfterFailure: true as const };
  expect(variablesOf(after, rows[2], { atMs: 0, hasFailure: false })).toMatchObject({
    CI_PIPELINE_STATUS: 'failure',
  });
  expect(variablesOf(work, rows[1], { atMs: 0, hasFailure: false })).toMatchObject({
    CI_PIPELINE_STATUS: 'success',
    CI_STEP_NAME: 'db',
    CI_STEP_TYPE: 'service',
    CI_STEP_NUMBER: '1',
  });
});

it('leaves out the page of a step whose build has none', () => {
  const row = { stepId: 's', attemptId: 'a', kind: 'step', name: 'unit' } as const;
  const variables = variablesOf({ variables: {}, steps: [row] }, row, { atMs: 0, hasFailure: false });
  expect(variables).not.toHaveProperty('CI_STEP_URL');
  // As a run without a server has it.
  const here = variablesOf({ variables: { CI_PIPELINE_URL: '' }, steps: [row] }, row, {
    atMs: 0,
    hasFailure: false,
  });
  expect(here).not.toHaveProperty('CI_STEP_URL');
});

it('names the span of a step where the server traces, which a file may set otherwise', () => {
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  const row = { stepId: 's', attemptId: 'a', kind: 'step', name: 'unit' } as const;
  const now = { atMs: 0, hasFailure: false };
  const traced = { ...row, traceparent };
  const variables = variablesOf({ variables: {}, steps: [traced] }, traced, now);
  expect(variables).toMatchObject({ TRACEPARENT: traceparent });
  expect(stepEnvironment(variables, { environment: { TRACEPARENT: 'own' } }, { values: {} })).toMatchObject({
    environment: { TRACEPARENT: 'own' },
  });
  expect(variablesOf({ variables: {}, steps: [row] }, row, now)).not.toHaveProperty('TRACEPARENT');
});
