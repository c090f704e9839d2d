import fc from 'fast-check';
import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import type { InputFile } from '../../../src/convert/converted.ts';
import { lintConverted, unannounced } from '../../experiments/convert/lint-converted.ts';

const CI = '.github/workflows/ci.yml';
const action = (name: string, content: string): InputFile => ({
  path: `.github/actions/${name}/action.yml`,
  content,
});
const ci = (steps: string): InputFile => ({
  path: CI,
  content: `on: [push, pull_request]\njobs:\n  one:\n    runs-on: ubuntu-latest\n    container: node:20\n    steps:\n${steps}`,
});

function converted(files: readonly InputFile[]) {
  const found = convertFiles(files, 'github');
  expect(unannounced(found)).toEqual([]);
  return {
    ...found,
    text: found.workflows.map(({ text }) => text).join('---\n'),
    said: found.notes.map(({ file, line, code, message }) => `${file}:${line} ${code}: ${message}`),
  };
}

it('steps of a composite action stand in its place, with what it is given and its defaults', () => {
  const { text, said, notes } = converted([
    ci(`      - uses: actions/checkout@v4
      - name: Set up
        uses: ./.github/actions/set-up
        if: github.ref == 'refs/heads/main'
        env: { MODE: fast }
        with: { node: 22, Command: "make all" }
      - run: npm test
`),
    action(
      'set-up',
      `name: Set up
description: What every job needs
inputs:
  node: { description: Version of Node, required: true }
  command: { default: make }
  greeting: { default: "it's" }
  cache: { default: "true" }
runs:
  using: composite
  steps:
    - uses: actions/setup-node@v4
      with: { node-version: "\${{ inputs.node }}" }
    - name: Make
      run: \${{ inputs.command }} --hello "\${{ inputs.greeting }}"
      shell: bash
    - run: $GITHUB_ACTION_PATH/check.sh \${{ github.action_path }}
      if: inputs.cache == 'true' && github.event_name == 'push'
      shell: sh
    - run: never
      if: \${{ inputs.cache != 'TRUE' }}
      shell: sh
`,
    ),
  ]);
  expect(said).toEqual([
    '.github/actions/set-up/action.yml:19 convert_left_out: `runs.steps[3]` is left out: its `if` cannot be said by `evaluate`, or cannot hold here, and the step is left out.',
  ]);
  expect(notes[0]?.file).toBe('.github/actions/set-up/action.yml');
  expect(text.slice(text.indexOf('steps:'))).toBe(`steps:
  - name: Make
    image: node:22
    when:
      evaluate: lower(CI_COMMIT_REF) == "refs/heads/main"
    environment:
      MODE: fast
    commands:
      - |-
        bash -eo pipefail /dev/fd/3 3<<'END_OF_SCRIPT'
        make all --hello "it's"
        END_OF_SCRIPT
  - name: /.github/actions/set-up/check.sh /.github/actions/set-up
    image: node:22
    when:
      evaluate: lower(CI_COMMIT_REF) == "refs/heads/main" && (CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")
    environment:
      MODE: fast
    commands:
      - \${CI_WORKSPACE}/.github/actions/set-up/check.sh \${CI_WORKSPACE}/.github/actions/set-up
  - name: npm test
    image: node:22
    commands:
      - npm test
`);
});

const ECHO = `inputs: { a: {}, b: { default: "\${{ github.head_ref }}" } }
runs:
  using: composite
  steps:
    - run: echo \${{ inputs.a }} "\${{ inputs.b }}" \${{ inputs['a'] || 'none' }}
      shell: sh
`;
const using = (value: string) => ci(`      - { uses: ./.github/actions/echo, with: { a: ${value} } }\n`);

it('what depends on an event stays in the environment, however deep it is handed on', () => {
  const outer = `inputs: { x: {} }
runs:
  using: composite
  steps:
    - { uses: ./.github/actions/echo, with: { a: "v\${{ inputs.x }}", b: "\${{ inputs.x }}" } }
`;
  const { text, said } = converted([
    ci('      - { uses: ./.github/actions/outer, with: { x: "${{ github.event.head_commit.message }}" } }\n'),
    action('outer', outer),
    action('echo', ECHO),
  ]);
  expect(text).toContain('- "echo v${CI_COMMIT_MESSAGE} \\"${CI_COMMIT_MESSAGE}\\" "\n');
  expect(said).toEqual([
    expect.stringContaining('empty there in all but pushes'),
    expect.stringContaining("`format('v{0}', github.event.head_commit.message) || 'none'` has no value here"),
  ]);
  const issue = converted([using('"${{ github.event.issue.title }}"'), action('echo', ECHO)]);
  expect(issue.text).toContain('- "echo  \\"${CI_COMMIT_SOURCE_BRANCH}\\" "\n');
  expect(issue.said).toEqual([
    expect.stringContaining('`github.event.issue.title` has no value here'),
    expect.stringContaining("`github.event.issue.title || 'none'` has no value here"),
  ]);
});

it('what is given is not read again: a name in it is the caller’s, and braces in quotes are text', () => {
  const text = `on: { workflow_dispatch: { inputs: { a: {} } } }
jobs:
  one:
    container: node:20
    steps:
      - { uses: ./.github/actions/echo, with: { a: "\${{ inputs.a }}", b: "{{.Name}}" } }
`;
  const { text: written, said } = converted([{ path: CI, content: text }, action('echo', ECHO)]);
  expect(said).toEqual([]);
  expect(written).toContain('- echo ${CI_INPUT_A} "{{.Name}}" ${CI_INPUT_A:-none}');
  expect(converted([using("'{{.B}}'"), action('echo', ECHO)]).text).toContain(
    '- echo {{.B}} "${CI_COMMIT_SOURCE_BRANCH}" {{.B}}',
  );
});

it('an action that is no list of steps, is not there, or is outside is noted at the step', () => {
  const said = (uses: string, ...actions: readonly InputFile[]) =>
    converted([ci(`      - uses: ${uses}\n      - run: x\n`), ...actions]).said;
  const DOCKER = 'runs: { using: docker, image: Dockerfile }';
  expect(said('./.github/actions/a', action('a', DOCKER))).toEqual([
    expect.stringContaining(
      `${CI}:7 convert_left_out: \`jobs.one.steps[0]\` is left out: \`./.github/actions/a\`: an action that is an image`,
    ),
  ]);
  expect(said('./.github/actions/a', action('a', 'runs: { using: node20, main: a.js }'))).toEqual([
    expect.stringContaining('an action that is a program'),
  ]);
  expect(said('./.github/actions/b', action('a', DOCKER))).toEqual(
    [
      '.github/actions/a/action.yml:1 convert_left_out: `the file` is left out: no step of the files that were read uses it.',
      expect.stringContaining('its `action.yml` is not among the files'),
    ].reverse(),
  );
  for (const outside of ['./../a', '../a', './a/../../b'])
    expect(said(outside)).toEqual([expect.stringContaining('only files of the repository are read')]);
});

it('actions that use themselves, or stand in each other without an end, are bounded', () => {
  const one = (name: string) =>
    `runs: { using: composite, steps: [{ run: "echo ${name}", shell: sh }, { uses: ./.github/actions/${name} }] }`;
  const self = converted([
    ci('      - uses: ./.github/actions/a\n'),
    action('a', one('b')),
    action('b', one('a')),
  ]);
  expect(self.said).toEqual([expect.stringContaining('it uses itself')]);
  expect(self.text.match(/- name: /g)).toHaveLength(2);
  const deep = Array.from({ length: 30 }, (_, index) => action(`a${index}`, one(`a${index + 1}`)));
  const bounded = converted([ci('      - uses: ./.github/actions/a0\n'), ...deep]);
  expect(bounded.text.match(/- name: /g)).toHaveLength(10);
  expect(bounded.said.join()).toContain('more than 10 actions stand in each other');
});

it('values and texts that actions multiply are refused, and nothing is written', () => {
  const twice = (name: string, text: string) =>
    action(
      name,
      `inputs: { a: {} }\nruns: { using: composite, steps: [${`{ uses: ./.github/actions/${name}x, with: { a: "${text}" } }, `.repeat(9)}] }`,
    );
  const many = '${{ inputs.a }}'.repeat(50);
  for (const text of ['x', many]) {
    const files = Array.from({ length: 9 }, (_, index) => twice(`a${'x'.repeat(index)}`, text));
    const last = action(
      'axxxxxxxxx',
      'inputs: { a: {} }\nruns: { using: composite, steps: [{ run: "${{ inputs.a }}", shell: sh }] }',
    );
    const { workflows, notes } = convertFiles(
      [ci('      - { uses: ./.github/actions/a, with: { a: long } }\n'), ...files, last],
      'github',
    );
    expect(workflows).toEqual([]);
    expect(notes.map(({ code }) => code)).toContain('too_complex');
  }
});

it('what an action says of its steps together is noted where each has it for itself', () => {
  const { said, text } = converted([
    ci(
      '      - { uses: ./.github/actions/a, if: always(), continue-on-error: true, timeout-minutes: 3, with: { c: d, e: f } }\n',
    ),
    action(
      'a',
      `inputs: { c: {} }
outputs: { o: { value: x } }
runs:
  using: composite
  steps:
    - { run: one, shell: sh }
    - { run: two, shell: sh }
    - { run: three, shell: sh, if: failure() }
`,
    ),
  ]);
  expect(text.match(/failure: ignore/g)).toHaveLength(3);
  expect(text.match(/timeout: 3m/g)).toHaveLength(3);
  expect(said.map((one) => one.replace(/is (?:left out|not quite the same here): (.*)\.$/, '$1'))).toEqual([
    `${CI}:7 convert_changed: \`jobs.one.steps[0].continue-on-error\` after a step of the action that failed its others run, too`,
    `${CI}:7 convert_changed: \`jobs.one.steps[0].timeout-minutes\` each step of the action may take as long`,
    `${CI}:7 convert_left_out: \`jobs.one.steps[0].with.e\` the action has no such input`,
    '.github/actions/a/action.yml:2 convert_left_out: `outputs` a step hands nothing to the next but files',
    '.github/actions/a/action.yml:7 convert_changed: `runs.steps[1]` it is run also where a step of its action before it has failed',
    '.github/actions/a/action.yml:8 convert_changed: `runs.steps[2].if` there it asks for the steps of its action, and here for all steps before it',
  ]);
});

it('a problem of lint in a step of an action is shown in the file of the action', () => {
  const found = convertFiles(
    [
      ci('      - uses: ./.github/actions/a\n'),
      action(
        'a',
        'runs:\n  using: composite\n  steps:\n    - { run: "x", shell: sh, working-directory: "a b\\tc" }\n',
      ),
    ],
    'github',
  );
  for (const { file, line } of lintConverted(found))
    expect([file, line]).toEqual(['.github/actions/a/action.yml', 4]);
});

it('a step without a command and a service without an image, as an empty input leaves them, are left out', () => {
  const { text, said } = converted([
    {
      path: CI,
      content: `on: push
jobs:
  one:
    container: node:20
    services: { db: { image: "\${{ false || '' }}", env: { A: b } } }
    steps: [{ uses: ./.github/actions/echo }, { run: x }]
`,
    },
    action(
      'echo',
      'inputs: { a: {} }\nruns: { using: composite, steps: [{ run: "${{ inputs.a }}", shell: bash }] }\n',
    ),
  ]);
  expect(text).toContain('services: []');
  expect(text.match(/- name: .*/g)).toEqual(['- name: x']);
  expect(said).toEqual([
    expect.stringContaining('it names no image, and is left out'),
    expect.stringContaining('it runs nothing, and is left out'),
  ]);
});

it('any text in the place of a part of an action is converted or refused, and never thrown', () => {
  const call = using('"a${{ github.head_ref }}"');
  const part = fc.oneof(
    fc.constantFrom(
      '[',
      '{',
      ' ',
      '*a',
      '&a ',
      '<<: ',
      '\n',
      '- ',
      ': ',
      "'",
      '$',
      '${{',
      '}}',
      '${{ inputs.a }}',
      "'${{",
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.nat(ECHO.length), fc.nat(12), part, (at, length, put) => {
      const changed = ECHO.slice(0, at) + put + ECHO.slice(at + length);
      const { workflows, notes } = convertFiles([call, action('echo', changed)], 'github');
      expect(workflows.length + notes.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
