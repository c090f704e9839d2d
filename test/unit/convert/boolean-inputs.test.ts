import { expect, it } from 'vitest';
import { notesOf, textOf } from './support.ts';

const file = (condition: string) => `on:
  push:
  workflow_dispatch: { inputs: { flag: { type: boolean } } }
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: always
      - { run: ship, if: "${condition}" }
`;

it.each([
  "inputs.flag == 'true'",
  "'false' == inputs.flag",
  "!(inputs.flag != 'true')",
  'github.event.inputs.flag == true',
  "inputs.flag == ''",
  'inputs.flag == 1',
  'github.event.inputs.flag == false',
])(
  'a boolean equals no text, and text no boolean: a step with such a condition is left out: %s',
  (condition) => {
    expect(textOf('github', file(condition))).not.toContain('ship');
    expect(notesOf('github', file(condition))).toContainEqual(
      expect.stringContaining('the step is left out'),
    );
  },
);

it.each([
  ["inputs.flag != 'true'", null],
  ['inputs.flag == true', 'CI_INPUT_FLAG == "true"'],
  ['inputs.flag', 'CI_INPUT_FLAG == "true"'],
  ["github.event.inputs.flag == 'true'", 'CI_INPUT_FLAG == "true"'],
  // In a push its default stands, and there it is null.
  ["github.event.inputs.flag != 'false'", '!((CI_PIPELINE_EVENT == "manual" && CI_INPUT_FLAG == "false"))'],
  // Without a build by hand an input is null, which equals false.
  ['inputs.flag != false', 'CI_INPUT_FLAG == "true"'],
  ['inputs.flag == false', 'CI_INPUT_FLAG != "true"'],
  ['inputs.flag != true', 'CI_INPUT_FLAG != "true"'],
  // There it is text, and `false` as text is true.
  ['!github.event.inputs.flag', '!(CI_PIPELINE_EVENT == "manual")'],
  ['github.event.inputs.flag', 'CI_PIPELINE_EVENT == "manual"'],
])('what holds of a boolean input there holds here: %s', (condition, evaluate) => {
  const text = textOf('github', file(condition));
  expect(text).toContain('ship');
  if (evaluate === null) expect(text).not.toContain('evaluate');
  else expect(text).toContain(evaluate);
});
