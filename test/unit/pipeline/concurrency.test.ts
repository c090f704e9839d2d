import { expect, it } from 'vitest';
import { EVENTS, inputOf, lint, planOf, workflowsOf } from './support.ts';

const STEP = 'steps: { a: { image: "busybox:1.36", commands: x } }\n';

it('a limit alone is of the workflow; a group takes variables, those of the matrix and of inputs too', () => {
  expect(planOf(`${STEP}concurrency: 2`).concurrency).toEqual({ limit: 2, group: null });
  expect(planOf(`${STEP}concurrency: { limit: 1 }`).concurrency).toEqual({ limit: 1, group: null });
  const text = `${STEP}concurrency: { limit: 1, group: "\${CI_COMMIT_BRANCH}-\${NODE}-\${CI_INPUT_TO}" }
matrix: { NODE: [20, 22] }
inputs: { to: { default: live } }
`;
  expect(workflowsOf(inputOf(text, EVENTS.push)).map(({ plan }) => plan.concurrency?.group)).toEqual([
    'main-20-live',
    'main-22-live',
  ]);
  expect(planOf(STEP)).not.toHaveProperty('concurrency');
});

it.each([
  ['concurrency: 0', '2:14 value_wrong'],
  ['concurrency: many', '2:14 value_wrong'],
  ['concurrency: [1]', '2:14 type_wrong'],
  ['concurrency: { group: a }', '2:16 key_missing'],
  ['concurrency: { limit: 1, group: "" }', '2:33 value_wrong'],
  ['concurrency: { limit: 1, group: "${CI_COMIT}" }', '2:33 variable_unknown'],
  ['concurrency: { limit: 1, cancel-in-progress: true }', '2:26 key_not_yet'],
])('%s is refused', (text, problem) => expect(lint(STEP + text)).toEqual([problem]));
