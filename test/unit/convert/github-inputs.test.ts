import { expect, it } from 'vitest';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf } from '../pipeline/support.ts';
import { notesOf, textOf } from './support.ts';

const file = (on: string, steps: string): string => `on:
  ${on}
  workflow_dispatch:
    inputs:
      target: { default: production }
      sure: { type: boolean, default: true }
      dry: { type: boolean }
      count: { type: number, default: 3 }
      note: {}
jobs:
  one:
    container: "node:20"
    steps:
${steps}`;

const VALUES = { target: 'production', sure: 'true', dry: 'false', count: '3' };

/** Whether a step with that \`if\` runs in a build of a push, and in one by hand with all defaults. */
const runsIn = (condition: string): readonly boolean[] => {
  const text = textOf('github', file('push: {}', `      - { run: make, if: "${condition}" }\n`));
  return [EVENTS.push, { ...EVENTS.manual, inputs: VALUES }].map(
    (event) => planPipeline(inputOf(text, event)).plan?.workflows[0]?.plan.steps[0]?.selected === true,
  );
};

it.each([
  [`inputs.target == 'production'`, false, true],
  [`inputs.target != 'production'`, true, false],
  [`inputs.target == ''`, true, false],
  [`inputs.target != ''`, false, true],
  ['inputs.target', false, true],
  ['!inputs.target', true, false],
  [`startsWith(inputs.target, 'prod')`, false, true],
  [`github.event.inputs.target == 'production'`, false, true],
  ['inputs.sure', false, true],
  ['!inputs.sure', true, false],
  ['inputs.sure == true', false, true],
  ['inputs.sure == false', true, false],
  ['inputs.sure != false', false, true],
  [`github.event.inputs.sure == 'true'`, false, true],
  [`github.event.inputs.sure != 'true'`, true, false],
  [`github.event.inputs.dry == 'false'`, false, true],
  [`github.event.inputs.dry == ''`, true, false],
  ['inputs.dry', false, false],
  ['!inputs.dry', true, true],
  ['inputs.count', false, true],
  ['inputs.count == 3', false, true],
  [`inputs.note == ''`, true, true],
])('a default is the value of an input where somebody is asked alone: %s', (condition, push, manual) => {
  expect(runsIn(condition)).toEqual([push, manual]);
});

const NOTE = 'has its default in builds of other events, too, where it is empty there';

it('a command that takes an input is noted where its default stands in builds of other events', () => {
  const steps = `      - { run: "make \${{ inputs.target || 'staging' }} \${{ inputs.note }}" }
      - { run: "make $T", env: { T: "\${{ inputs.dry }}" } }
      - { run: make, working-directory: "at/\${{ inputs.target }}" }
`;
  expect(notesOf('github', file('push: {}', steps))).toEqual([
    expect.stringContaining(`\`inputs.target\` ${NOTE}`),
    expect.stringContaining(`\`inputs.dry\` ${NOTE}`),
    expect.stringMatching(/working-directory` .*has its default/),
  ]);
  expect(notesOf('github', file('workflow_call: {}', steps))).not.toContainEqual(
    expect.stringContaining(NOTE),
  );
});
