import { expect, it } from 'vitest';
import { lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

it('a job is a workflow, set-up actions are images, expressions are variables', () => {
  const text = `name: CI
on:
  push: { branches: [main], paths-ignore: [docs/**] }
  pull_request:
env: { LEVEL: high }
jobs:
  # the tests
  test:
    runs-on: ubuntu-latest
    strategy: { matrix: { node-version: [18.x, 20.x] } }
    services:
      db: { image: "postgres:15", env: { POSTGRES_PASSWORD: a }, options: --health-cmd pg_isready }
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: "\${{ matrix.node-version }}" }
      - run: npm test
      - name: Publish
        if: github.ref == 'refs/heads/main' && always()
        run: npm publish --sha \${{ github.sha }} # it
        working-directory: ./pkg
        timeout-minutes: 5
        env: { TOKEN: "\${{ secrets.NPM }}" }
`;
  expect(notesOf('github', text)).toEqual([]);
  expect(textOf('github', text)).toBe(`# the tests
when:
  - event: push
    branch:
      - main
    path:
      exclude:
        - docs/**
  - event: pull_request

matrix:
  NODE_VERSION:
    - "18"
    - "20"

image: none

services:
  - name: db
    image: postgres:15
    environment:
      POSTGRES_PASSWORD: a
    ready: pg_isready

steps:
  - name: npm test
    image: node:\${NODE_VERSION}
    environment:
      LEVEL: high
    commands:
      - npm test
  - name: Publish
    image: node:\${NODE_VERSION}
    when:
      evaluate: lower(CI_COMMIT_REF) == "refs/heads/main"
      status:
        - success
        - failure
    environment:
      LEVEL: high
      TOKEN:
        from_secret: NPM
    directory: pkg
    # it
    commands:
      - npm publish --sha \${CI_COMMIT_SHA}
    timeout: 5m
`);
});

it('jobs that need others are workflows that depend on them; what cannot be had is noted', () => {
  const text = `on: [push, schedule]
jobs:
  a:
    runs-on: [self-hosted, gpu]
    steps:
      - uses: actions/cache@v4
        with: { key: x, path: y }
      - uses: some/action@v1
      - run: echo \${{ steps.x.outputs.y }} >> $GITHUB_OUTPUT
  b:
    needs: a
    runs-on: windows-latest
    container: { image: "node:20", volumes: ["/a:/b"] }
    steps: [{ run: x, colour: red }]
  c: { uses: ./.github/workflows/x.yml }
`;
  const { workflows, notes } = convert('github', text);
  expect(workflows.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(workflows[0]?.text).toContain('labels:\n  runs-on: gpu\n');
  expect(workflows[1]?.text).toContain('depends_on:\n  - a\n');
  expect(notes.map(({ line, code, path }) => `${line} ${code} ${path}`)).toEqual([
    '1 convert_left_out on[1]',
    '4 convert_changed jobs.a.runs-on',
    '6 convert_changed jobs.a.steps[0]',
    '8 convert_left_out jobs.a.steps[1]',
    '9 convert_changed jobs.a.steps[2].run',
    '9 convert_changed jobs.a.steps[2].run',
    '13 convert_left_out jobs.b.container.volumes',
    '14 convert_unknown jobs.b.steps[0].colour',
    '15 convert_left_out jobs.c',
  ]);
});

it('a step whose condition cannot be said is left out, and not run always', () => {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container: busybox:1.36
    steps:
      - run: one
      - run: two
        if: hashFiles('x') != ''
`;
  expect(textOf('github', text)).not.toContain('two');
  expect(notesOf('github', text).map((one) => one.split(':')[0])).toEqual(['8 convert_left_out']);
});

it('an expression that the shell would not replace is noted', () => {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container: busybox:1.36
    steps:
      - run: |
          curl -d '{"sha":"\${{ github.sha }}"}' "it's \${{ github.ref }}" '\${{ 'x' }}'
      - run: |
          cat <<'EOF'
          \${{ secrets.A }}
          EOF
`;
  expect(notesOf('github', text)).toEqual([
    expect.stringContaining('7 convert_changed: `jobs.a.steps[0].run` is not quite the same'),
    expect.stringContaining('9 convert_changed: `jobs.a.steps[1].run` is not quite the same'),
  ]);
});

it('inputs of `workflow_dispatch` are inputs, in commands, values and conditions', () => {
  const text = `on:
  workflow_dispatch:
    inputs:
      target: { description: Where to, type: choice, options: [staging, live], default: staging }
      dry-run: { type: boolean, required: true }
jobs:
  ship:
    runs-on: ubuntu-latest
    container: node:20
    if: inputs.target != 'none'
    steps:
      - run: ship --to \${{ inputs.target }}
        if: \${{ !github.event.inputs.dry-run }}
        env: { TO: "\${{ github.event.inputs.target }}", NO: "\${{ inputs.other }}" }
`;
  expect(notesOf('github', text)).toEqual([
    '14 convert_changed: `jobs.ship.steps[0].env.NO` is not quite the same here: `inputs.other` has no value here.',
  ]);
  expect(errorsOf('github', text)).toEqual([]);
  const written = textOf('github', text);
  expect(written).toContain(`inputs:
  target:
    type: choice
    description: Where to
    default: staging
    options:
      - staging
      - live
  dry-run:
    type: boolean
    required: "true"
`);
  expect(written).toContain('- ship --to ${CI_INPUT_TARGET}');
  expect(written).toContain('TO: ${CI_INPUT_TARGET}');
  expect(written).toContain('evaluate: lower(CI_INPUT_TARGET) != "none"');
  expect(written).toContain('!(CI_PIPELINE_EVENT == "manual")');
});

it('`schedule` is `cron` in one of the workflows, and an event of all', () => {
  const text = `on:
  schedule: [{ cron: "30 3 * * 1-5", timezone: Europe/Berlin }, { cron: "soon" }]
jobs:
  a: { runs-on: ubuntu-latest, container: "node:20", steps: [{ run: x }] }
  b: { runs-on: ubuntu-latest, container: "node:20", steps: [{ run: x, if: github.event_name == 'schedule' }] }
`;
  const [first, second] = convert('github', text).workflows.map((workflow) => workflow.text);
  expect(notesOf('github', text).map((one) => one.split(':')[0])).toEqual(['2 convert_left_out']);
  expect(errorsOf('github', text)).toEqual([]);
  expect(first).toContain(
    'cron:\n  - name: schedule\n    schedule: 30 3 * * 1-5\n    timezone: Europe/Berlin\n',
  );
  expect(first).toContain('when:\n  event: cron');
  expect(second).not.toContain('schedule:');
  expect(second).toContain('evaluate: CI_PIPELINE_EVENT == "cron"');
});

it('files that are uploaded are kept by a step of their own, under its condition', () => {
  const text = `on: push
jobs:
  one:
    runs-on: ubuntu-latest
    container: node:20
    steps:
      - run: npm test
      - name: Keep the reports
        uses: actions/upload-artifact@v4
        if: always()
        with:
          name: reports
          path: |
            out/
            ./coverage/**/*.xml
          retention-days: 5
      - { uses: actions/upload-artifact@v4, with: { path: dist, name: "dist-\${{ matrix.os }}" } }
      - { uses: actions/upload-artifact@v4, with: { path: "~/.npm/_logs" } }
`;
  const written = textOf('github', text);
  expect(written.slice(written.indexOf('  - name: Keep'))).toBe(`  - name: Keep the reports
    image: node:20
    when:
      status:
        - success
        - failure
    commands:
      - "true"
    artifacts:
      paths:
        - out/
        - coverage/**/*.xml
      name: reports
      expire: 5d
  - name: Upload artifact
    image: node:20
    commands:
      - "true"
    artifacts:
      paths:
        - dist
      name: dist
`);
  expect(notesOf('github', text)).toEqual([
    expect.stringContaining('name'),
    expect.stringContaining('steps[3]'),
  ]);
});

it('files that are downloaded are taken of the job that uploads them, where they lie in the same place', () => {
  const takes = (download: string, upload = '{ name: site, path: dist }', more = '') => {
    const text = `on: push
jobs:
  make:
    runs-on: ubuntu-latest
    container: node:20
${more}    steps:
      - run: make
      - { uses: actions/upload-artifact@v4, with: ${upload} }
  between: { needs: make, runs-on: ubuntu-latest, container: "node:20", steps: [{ run: x }] }
  test:
    needs: [between]
    runs-on: ubuntu-latest
    container: node:20
    steps:
      - { uses: actions/download-artifact@v4, ${download} }
      - run: ls
`;
    const { workflows } = convert('github', text);
    const written = workflows.find(({ name }) => name === 'test')?.text ?? '';
    const files = workflows.map((one) => ({ path: `.slipway/${one.name}.yml`, text: one.text }));
    const problems = lintWorkflows(files, { hasDockerfile: false });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    return [written.match(/^artifacts:\n(?: .*\n)*/m)?.[0] ?? null, notesOf('github', text)];
  };
  const site = 'artifacts:\n  - from: make\n    name: site\n';
  expect(takes('with: { name: site, path: ./dist/ }')).toEqual([site, []]);
  expect(takes('with: { name: site, path: public/dist }')).toEqual([`${site}    path: public\n`, []]);
  expect(takes('with: { name: site, path: public }', '{ name: site, path: a.txt }')).toEqual([
    `${site}    path: public\n`,
    [],
  ]);
  for (const path of ['example.com', 'net8.0/'])
    expect(takes('with: { name: site, path: net8.0 }', `{ name: site, path: ${path} }`)).toEqual(
      path.endsWith('/')
        ? [site, []]
        : [`${site}    path: net8.0\n`, [expect.stringContaining('`example.com` is taken for a file')]],
    );
  expect(takes('with: { pattern: "s*", merge-multiple: true, path: dist }')).toEqual([site, []]);
  expect(takes('')).toEqual([`${site}    path: site\n`, [expect.stringContaining('below')]]);
  expect(takes('with: { name: site, path: out }')).toEqual([
    `${site}    path: out\n`,
    [expect.stringContaining('the paths that they had in their job')],
  ]);
  expect(takes('with: { name: site, path: dist }, if: always()')).toEqual([
    `${site}    optional: "true"\n`,
    [expect.stringContaining('before the first step')],
  ]);
  expect(takes('with: { name: other }')).toEqual([null, [expect.stringContaining('no job that its job')]]);
  expect(takes('with: { name: site, run-id: 7 }')[0]).toBeNull();
  const matrix = '    strategy: { matrix: { os: [a, b] } }\n';
  expect(takes('with: { name: site, path: dist }', '{ name: site, path: dist }', matrix)).toEqual([
    site,
    [expect.stringContaining('all combinations of')],
  ]);
});

it('a boolean or a number before `||` is no variable with a default: there `false` and 0 have no value', () => {
  const text = `on:
  workflow_dispatch:
    inputs:
      dry: { type: boolean }
      shards: { type: number }
      target: { type: string }
jobs:
  ship:
    runs-on: ubuntu-latest
    container: node:20
    steps:
      - run: a \${{ inputs.dry || 'true' }} \${{ inputs.target || inputs.dry || 'x' }}
        env: { N: "\${{ inputs.shards || '4' }}" }
      - run: b \${{ inputs.target || inputs.dry }} \${{ github.event.inputs.dry || 'true' }}
`;
  expect(notesOf('github', text).map((note) => /`inputs.*` has no value here/.exec(note)?.[0])).toEqual([
    "`inputs.dry || 'true'` has no value here",
    "`inputs.target || inputs.dry || 'x'` has no value here",
    "`inputs.shards || '4'` has no value here",
  ]);
  expect(textOf('github', text)).toContain('- b ${CI_INPUT_TARGET:-${CI_INPUT_DRY}} ${CI_INPUT_DRY:-true}');
});

it('a step for a cancelled build never runs, and is no step for one that succeeded', () => {
  const text = (condition: string) =>
    `on: push\njobs:\n  one:\n    container: "node:20"\n    steps:\n      - run: x\n      - if: ${condition}\n        run: after\n`;
  expect(textOf('github', text('cancelled()'))).not.toContain('after');
  expect(notesOf('github', text('cancelled()'))).toEqual([
    expect.stringContaining('its `if` cannot be said by `evaluate`, or cannot hold here'),
  ]);
  expect(textOf('github', text('failure() || cancelled()'))).toContain('status: failure');
  expect(textOf('github', text("'!cancelled()'"))).toContain('after');
});

it('a variable of the file that takes another has its text, and a secret in it is noted', () => {
  const text = `on: push
env: { SHA: "\${{ github.sha }}", TAG: "v-\${{ env.SHA }}", KEY: "\${{ secrets.KEY }}", LOOP: "\${{ env.LOOP }}" }
jobs:
  one:
    container: node:20
    steps: [{ run: x, env: { A: "\${{ env.TAG }}", B: "k\${{ env.KEY }}", C: "\${{ env.LOOP }}" } }]
`;
  expect(textOf('github', text)).toContain('A: v-${CI_COMMIT_SHA}\n      B: k\n      C: ""\n');
  expect(notesOf('github', text)).toEqual([
    expect.stringContaining('`${{ secrets.KEY }}` has no value here'),
    expect.stringContaining('`env.LOOP`: it takes itself'),
  ]);
  expect(errorsOf('github', text)).toEqual([]);
});

it('what the file knows of a condition is told: texts without regard to case, other types as numbers', () => {
  const runs = (condition: string) =>
    textOf(
      'github',
      `on: push\njobs: { a: { container: "node:20", steps: [{ run: one, if: "${condition}" }, { run: two }] } }`,
    ).includes('- one');
  for (const held of [
    "'A' == 'a'",
    "true == '1'",
    "'' == 0",
    "'x'",
    '7',
    "!''",
    "contains('Abc', 'B')",
    "'a' && startsWith('ab', 'A')",
  ])
    expect(runs(held), held).toBe(true);
  expect(runs("github.ref == 'refs/heads/$default-branch'")).toBe(false);
  for (const not of ["'a' != 'A'", "true == 'true'", "''", '0', 'false', "endsWith('ab', 'c')"])
    expect(runs(not), not).toBe(false);
});

it('a job that needs one which is skipped is skipped, along the whole chain, unless its `if` says otherwise', () => {
  const job = 'runs-on: ubuntu-latest, container: "node:20", steps: [{ run: x }]';
  const text = `on: push
jobs:
  test: { ${job} }
  build: { needs: test, if: "github.ref == 'refs/heads/main'", ${job} }
  deploy: { needs: build, ${job} }
  report: { needs: [build], if: always(), ${job} }
  last: { needs: report, ${job} }
`;
  const written = convert('github', text).workflows.map(({ name, text: own }) => [
    name,
    /depends_on:\n(?: .*\n)*/.exec(own)?.[0],
  ]);
  const needed = '  - name: build\n    optional: "false"\n';
  expect(Object.fromEntries(written)).toEqual({
    test: undefined,
    build: 'depends_on:\n  - test\n',
    deploy: `depends_on:\n${needed}`,
    report: 'depends_on:\n  - build\n',
    last: `depends_on:\n  - report\n${needed}`,
  });
});

it('of `exclude` stays what names cases that there are here, and nothing that would exclude more', () => {
  const text = `on: push
jobs:
  test:
    runs-on: ubuntu-latest
    container: node:20
    strategy:
      matrix:
        draft: ["\${{ github.ref_name != 'main' }}"]
        os: [a, b]
        version: [1, 2]
        exclude:
          - { os: a, version: 1 }
          - { draft: true, version: 2 }
          - { os: "\${{ vars.OS }}", version: 2 }
    steps: [{ run: make }]
`;
  expect(textOf('github', text)).toContain('  exclude:\n    - OS: a\n      VERSION: "1"\n\n');
  expect(notesOf('github', text).filter((note) => /^1[234] /.test(note))).toEqual([
    '13 convert_left_out: `jobs.test.strategy.matrix.exclude[1]` is left out: no case of the matrix is like it here.',
    '14 convert_left_out: `jobs.test.strategy.matrix.exclude[2]` is left out: no case of the matrix is like it here.',
    '14 convert_left_out: `jobs.test.strategy.matrix.exclude[2].os` is left out: a value of a matrix is text.',
  ]);
  expect(errorsOf('github', text)).toEqual([]);
});

it('more jobs than a folder has files for are noted', () => {
  const jobs = (count: number) =>
    `on: push\njobs:\n${Array.from({ length: count }, (_, n) => `  j${n}: { container: alpine, steps: [{ run: a }] }\n`).join('')}`;
  expect(notesOf('github', jobs(64))).toEqual([]);
  expect(notesOf('github', jobs(65))).toEqual([expect.stringContaining('65 workflows')]);
});
