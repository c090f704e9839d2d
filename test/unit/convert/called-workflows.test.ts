import { expect, it } from 'vitest';
import { unannounced } from '../../experiments/convert/lint-converted.ts';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import type { InputFile } from '../../../src/convert/converted.ts';

const file = (name: string, content: string): InputFile => ({
  path: `.github/workflows/${name}.yml`,
  content,
});
const JOB = 'runs-on: ubuntu-latest, container: "node:20"';

function converted(...files: readonly InputFile[]) {
  const found = convertFiles(files, 'github');
  expect(unannounced(found)).toEqual([]);
  return {
    ...found,
    texts: Object.fromEntries(found.workflows.map(({ name, text }) => [name, text])),
    said: found.notes.map(
      ({ file: name, line, message }) => `${name.replace(/.*\//, '')}:${line} ${message}`,
    ),
  };
}

const SHIP = `name: Ship
on:
  workflow_call:
    inputs:
      to: { type: string, required: true }
      dry: { type: boolean, default: true }
      count: { type: number }
    secrets: { TOKEN: { required: true } }
env: { TO: "\${{ inputs.to }}" }
jobs:
  # builds it
  build:
    ${JOB.replace(', ', '\n    ')}
    if: \${{ !inputs.dry }}
    steps:
      - run: build \${{ inputs.to }} \${{ inputs.count }} "\${{ secrets.TOKEN }}"
      - { run: never, if: inputs.dry }
  tell: { ${JOB}, needs: build, if: always(), steps: [{ run: tell }] }
`;

it('jobs of a called workflow stand in the place of the job, with needs before and behind, inputs and secrets', () => {
  const { texts, said } = converted(
    file(
      'ci',
      `on: { push: { branches: [main] } }
jobs:
  after: { ${JOB}, needs: [ship], steps: [{ run: after }] }
  test: { ${JOB}, steps: [{ run: test }] }
  ship:
    needs: test
    if: github.event_name == 'push'
    uses: ./.github/workflows/ship.yml
    with: { to: "\${{ github.ref_name }}", dry: false }
    secrets: { TOKEN: "\${{ secrets.NPM }}" }
`,
    ),
    file('ship', SHIP),
  );
  expect(said).toEqual([
    expect.stringContaining('ship.yml:18 `jobs.build.steps[1]` is left out: its `if` cannot be said'),
  ]);
  expect(Object.keys(texts)).toEqual(['test', 'ship-build', 'ship-tell', 'after']);
  expect(texts['ship-build']).toBe(`# builds it
when:
  event: push
  branch:
    - main
  evaluate: (CI_PIPELINE_EVENT == "push" || CI_PIPELINE_EVENT == "tag")

depends_on:
  - test

image: none

steps:
  - name: build  0 ""
    image: node:20
    environment:
      TO: \${CI_COMMIT_REF#refs/*/}
      GITHUB_REF_NAME: \${CI_COMMIT_REF#refs/*/}
      NPM:
        from_secret: NPM
    commands:
      - build \${GITHUB_REF_NAME} 0 "\${NPM}"
`);
  expect(texts['ship-tell']).toContain('depends_on:\n  - ship-build\n\nruns_on:\n  - success\n  - failure\n');
  expect(texts['after']).toContain('depends_on:\n  - ship-build\n  - ship-tell\n');
});

it('a workflow for callers alone is no pipeline of its own, and one with events is both', () => {
  const ci = file('ci', 'on: push\njobs: { call: { uses: ./.github/workflows/both.yml } }\n');
  const both = (on: string) => file('both', `on: ${on}\njobs: { one: { ${JOB}, steps: [{ run: x }] } }\n`);
  expect(Object.keys(converted(both('workflow_call'), ci).texts)).toEqual(['default']);
  expect(Object.keys(converted(both('[push, workflow_call]'), ci).texts)).toEqual(['one', 'call-one']);
  const beside = converted({ ...both('[push, workflow_call]'), isBeside: true }, ci);
  expect([Object.keys(beside.texts), beside.said]).toEqual([['default'], []]);
  const alone = converted(both('workflow_call'));
  expect(alone.workflows).toEqual([]);
  expect(alone.said).toEqual([expect.stringContaining('no workflow that was read calls it')]);
  expect(converted(both('{ push: {}, workflow_call: {} }')).said).toEqual([
    'both.yml:1 `on.workflow_call` is left out: no workflow that was read calls it.',
  ]);
});

it('jobs of the same name in several files have names of their own, and wait for those of their file', () => {
  const text = `on: push\njobs: { test: { ${JOB}, steps: [{ run: x }] }, ship: { ${JOB}, needs: test, steps: [{ run: y }] } }\n`;
  const { texts } = converted(file('a', text), file('b', text));
  expect(Object.keys(texts)).toEqual(['test', 'ship', 'test-2', 'ship-2']);
  expect(texts['ship-2']).toContain('depends_on:\n  - test-2\n');
});

it('`concurrency` of the caller holds for the jobs that are called, and their own before it', () => {
  const ci = file(
    'ci',
    'on: push\nconcurrency: { group: outer, queue: max }\njobs: { call: { uses: ./.github/workflows/a.yml } }\n',
  );
  const called = (more: string) =>
    file('a', `on: workflow_call\n${more}jobs: { one: { ${JOB}, steps: [{ run: x }] } }\n`);
  const outer = converted(ci, called(''));
  expect(outer.texts['default']).toContain('group: outer\n');
  expect(outer.said).toEqual([]);
  const inner = converted(ci, called('concurrency: { group: inner, queue: max }\n'));
  expect(inner.texts['default']).toContain('group: inner\n');
  expect(inner.said).toEqual([expect.stringContaining('and not in that of the file that calls it')]);
});

it('secrets that are not passed are empty, those that are inherited have their names', () => {
  const ci = (secrets: string) =>
    file('ci', `on: push\njobs: { call: { uses: ./.github/workflows/a.yml${secrets} } }\n`);
  const called = file(
    'a',
    `on: workflow_call\njobs: { one: { ${JOB}, steps: [{ run: 'x "\${{ secrets.A }}"' }] } }\n`,
  );
  expect(converted(ci(''), called).texts['default']).toContain('- x ""');
  const inherited = converted(ci(', secrets: inherit'), called);
  expect(inherited.texts['default']).toContain('A:\n        from_secret: A');
  expect(inherited.said).toEqual([]);
});

it('what depends on an event stays in the environment through a workflow and an action', () => {
  const { texts, said } = converted(
    file(
      'ci',
      'on: pull_request\njobs: { call: { uses: ./.github/workflows/a.yml, with: { title: "${{ github.head_ref }}" } } }\n',
    ),
    file(
      'a',
      `on: { workflow_call: { inputs: { title: {} } } }\njobs: { one: { ${JOB}, steps: [{ uses: ./act, with: { text: "<\${{ inputs.title }}>" } }] } }\n`,
    ),
    {
      path: 'act/action.yml',
      content:
        'inputs: { text: {} }\nruns: { using: composite, steps: [{ run: "echo \\"${{ inputs.text }}\\"", shell: sh }] }\n',
    },
  );
  expect(texts['default']).toContain('- echo "<${CI_COMMIT_SOURCE_BRANCH}>"');
  expect(said).toEqual([]);
});

it.each<[string, string, string]>([
  ['of another repository', 'uses: a/b/.github/workflows/c.yml@v1', 'only workflows of the repository'],
  ['outside of it', 'uses: ./../c.yml', 'only workflows of the repository'],
  ['that is not there', 'uses: ./.github/workflows/none.yml', 'not among the files that were read'],
  [
    'for each case of a matrix',
    'uses: ./.github/workflows/a.yml, strategy: { matrix: { a: [b] } }',
    'each case of a matrix',
  ],
  ['that is called by nobody', 'uses: ./.github/workflows/b.yml', 'has no `workflow_call`'],
  ['that calls itself', 'uses: ./.github/workflows/loop.yml', 'it calls itself'],
])('a workflow %s is noted at the job', (_, call, why) => {
  const { said, workflows } = converted(
    file('ci', `on: push\njobs: { one: { ${JOB}, steps: [{ run: x }] }, two: { ${call} } }\n`),
    ...[
      file('a', `on: workflow_call\njobs: { one: { ${JOB}, steps: [{ run: x }] } }\n`),
      file('b', `on: issues\njobs: { one: { ${JOB}, steps: [{ run: x }] } }\n`),
      file('loop', 'on: workflow_call\njobs: { again: { uses: ./.github/workflows/loop.yml } }\n'),
    ].map((one) => ({ ...one, isBeside: true })),
  );
  expect(workflows).toHaveLength(1);
  expect(said.join()).toContain(why);
});

it('an input that is missing or too many, and outputs, are noted; what waits in a circle is', () => {
  const { said } = converted(
    file(
      'ci',
      `on: push\njobs:\n  call: { uses: ./.github/workflows/a.yml, with: { other: b } }\n  x: { ${JOB}, needs: y, steps: [{ run: x }] }\n  y: { ${JOB}, needs: x, steps: [{ run: y }] }\n`,
    ),
    file(
      'a',
      `on:\n  workflow_call:\n    inputs: { to: { required: true } }\n    outputs: { o: { value: x } }\njobs: { one: { ${JOB}, steps: [{ run: x }] } }\n`,
    ),
  );
  expect(said).toEqual([
    expect.stringContaining('it gives no `to`, which is empty here'),
    expect.stringContaining('the workflow has no such input'),
    expect.stringContaining('`y` is no job that runs here'),
    expect.stringContaining(
      'a.yml:4 `on.workflow_call.outputs` is left out: a workflow hands nothing to another',
    ),
  ]);
});

it('a workflow inherits no secret that its caller was not passed, and others under the names that it has there', () => {
  const { texts } = converted(
    file(
      'ci',
      `on: push
jobs:
  none: { uses: ./.github/workflows/between.yml }
  one: { uses: ./.github/workflows/between.yml, secrets: { npm: "\${{ secrets.NPM_OF_TESTS }}" } }
  all: { uses: ./.github/workflows/between.yml, secrets: inherit }
`,
    ),
    file(
      'between',
      'on: workflow_call\njobs: { in: { uses: ./.github/workflows/last.yml, secrets: inherit } }\n',
    ),
    file(
      'last',
      `on: workflow_call
env: { PROD: "\${{ secrets.PROD }}" }
jobs: { job: { ${JOB}, steps: [{ run: 'publish "\${{ secrets.NPM }}"' }] } }
`,
    ),
  );
  const secrets = Object.entries(texts).map(([name, text]) => [
    name,
    ...[...text.matchAll(/from_secret: (\w+)/g)].map(([, secret]) => secret),
  ]);
  expect(secrets).toEqual([['none-in-job'], ['one-in-job', 'NPM_OF_TESTS'], ['all-in-job', 'PROD', 'NPM']]);
});

it('a call is not skipped because one of its jobs is, and all of them are with what the call needs', () => {
  const job = 'container: "node:20", steps: [{ run: x }]';
  const called = {
    path: '.github/workflows/called.yml',
    content: `on: workflow_call\njobs:\n  may: { if: "github.ref == 'refs/heads/x'", ${job} }\n  then: { needs: may, ${job} }\n`,
  };
  const main = `on: push
jobs:
  first: { if: "github.ref == 'refs/heads/main'", ${job} }
  call: { needs: first, uses: ./.github/workflows/called.yml }
  last: { needs: call, ${job} }
`;
  const texts = Object.fromEntries(
    convertFiles([{ path: '.github/workflows/ci.yml', content: main }, called], 'github').workflows.map(
      ({ name, text }) => [name, /depends_on:\n(?: .*\n)*/.exec(text)?.[0]],
    ),
  );
  const needed = (name: string) => `depends_on:\n  - name: ${name}\n    optional: "false"\n`;
  expect(texts).toEqual({
    first: undefined,
    'call-may': needed('first'),
    'call-then': needed('call-may'),
    last: 'depends_on:\n  - call-may\n  - call-then\n',
  });
});
