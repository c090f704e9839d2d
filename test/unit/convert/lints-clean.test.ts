import { expect, it } from 'vitest';
import { lintConverted, unannounced } from '../../experiments/convert/lint-converted.ts';
import { WORKSPACE as WORKSPACE_OF_WORKERS } from '../../../worker/steps/fill-workspace.ts';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import type { Format } from '../../../src/convert/converted.ts';
import { WORKSPACE } from '../../../src/convert/workspace.ts';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

const STEP = 'image: "busybox:1.36", commands: [x]';
const GITLAB = 'image: "busybox:1.36", script: [x]';
const drone = (name: string, more: string) =>
  `kind: pipeline\nname: ${name}\n${more}\nsteps: [{ name: a, ${STEP} }]\n`;

it.each<[string, Format, string]>([
  [
    'a file whose steps are all left out',
    'woodpecker',
    `steps:\n  a: { ${STEP}, when: { event: release } }\n`,
  ],
  ['a file without steps', 'woodpecker', 'variables: [&a b]\n'],
  ['a shell of the machine as image', 'woodpecker', 'steps:\n  a: { image: /bin/sh, commands: [x] }\n'],
  [
    'a label of the matrix',
    'woodpecker',
    `matrix: { P: [a, b] }\nlabels: { platform: "\${P}" }\nsteps: { a: { ${STEP} } }\n`,
  ],
  [
    'an expression of another language',
    'woodpecker',
    `steps:\n  a: { ${STEP}, when: { evaluate: "1 + 1" } }\n`,
  ],
  ['a step without an image', 'drone', 'kind: pipeline\nsteps: [{ name: a, commands: [x] }]\n'],
  [
    'settings of one variable',
    'drone',
    'kind: pipeline\nsteps: [{ name: a, image: "b:1", settings: { c.d: e, c_d: f } }]\n',
  ],
  [
    'a pipeline that waits for one that is left out',
    'drone',
    `${drone('a', 'type: exec')}---\n${drone('b', 'depends_on: [a]')}`,
  ],
  ['a job without a script', 'gitlab', `a: { ${GITLAB} }\nb: { trigger: c/d }\n`],
  ['a job without an image, and what comes after it', 'gitlab', 'a: { script: [x], after_script: [y] }\n'],
  [
    '`always` in the rules of the file',
    'gitlab',
    `workflow: { rules: [{ if: $CI_COMMIT_TAG, when: always }] }\na: { ${GITLAB} }\n`,
  ],
  [
    'an image of a variable that is nowhere',
    'gitlab',
    'variables: { I: $HERE/b }\na: { image: $I, script: [x] }\n',
  ],
  [
    'an image of a case that the matrix has not',
    'github',
    'on: push\njobs: { a: { runs-on: ubuntu-latest, container: "node:${{ matrix.b }}", steps: [{ run: x }] } }\n',
  ],
  [
    'an empty case',
    'github',
    'on: push\njobs: { a: { runs-on: ubuntu-latest, container: node, strategy: { matrix: { a: ["", b] } }, steps: [{ run: x }] } }\n',
  ],
])('%s: lint finds no error that no note speaks of', (_, format, text) => {
  const converted = convert(format, text);
  expect(unannounced(converted)).toEqual([]);
});

it('an error of lint counts as announced only where a note is at the same value', () => {
  const converted = convert('woodpecker', `steps:\n  a: { ${STEP}, pull: true, depends_on: [b] }\n`);
  expect(lintConverted(converted).map(({ code, line }) => `${line} ${code}`)).toEqual([
    '2 dependency_unknown',
  ]);
  expect(unannounced(converted)).toHaveLength(1);
});

it('`clone` in `depends_on` of Drone is the checkout', () => {
  const text = `kind: pipeline\nsteps: [{ name: a, ${STEP}, depends_on: [clone] }]\n`;
  expect(notesOf('drone', text)).toEqual([]);
  expect(errorsOf('drone', text)).toEqual([]);
});

it('the name in a step of a map counts, and not its key', () => {
  const text = `steps:\n  a: { name: Build it, ${STEP} }\n  b: { ${STEP}, depends_on: [Build it] }\n`;
  expect(errorsOf('woodpecker', text)).toEqual([]);
  expect(textOf('woodpecker', text)).toContain('name: Build it');
});

it('the checkout is a path in values, too', () => {
  expect(WORKSPACE).toBe(WORKSPACE_OF_WORKERS);
  const gitlab = `a: { ${GITLAB}, variables: { PIP_CACHE_DIR: "$CI_PROJECT_DIR/.cache" } }\n`;
  expect(notesOf('gitlab', gitlab)).toEqual([]);
  expect(textOf('gitlab', gitlab)).toContain('PIP_CACHE_DIR: /workspace/.cache');
  const woodpecker = `steps: { a: { ${STEP}, environment: { HOME: "\${CI_WORKSPACE}/home" } } }\n`;
  expect(notesOf('woodpecker', woodpecker)).toEqual([]);
  expect(textOf('woodpecker', woodpecker)).toContain('HOME: /workspace/home');
});

it('variables for the runner of GitLab need nothing where they ask for what holds, and others are variables', () => {
  const of = (variables: string) => `a: { ${GITLAB}, variables: { ${variables} } }\n`;
  expect(notesOf('gitlab', of('GIT_DEPTH: "1", GIT_STRATEGY: clone, GIT_SUBMODULE_STRATEGY: none'))).toEqual(
    [],
  );
  expect(textOf('gitlab', of('GIT_AUTHOR_NAME: me, CACHE_DIR: b'))).toContain('GIT_AUTHOR_NAME: me');
  for (const one of [
    'GIT_SUBMODULE_STRATEGY: recursive',
    'GIT_STRATEGY: none',
    'DOCKER_HOST: "tcp://docker:2375"',
  ])
    expect(notesOf('gitlab', of(one)), one).toHaveLength(1);
});

it('what templates say of artifacts is merged, the nearest value of each key', () => {
  const text = `.base: { artifacts: { paths: [dist], expire_in: 1 day, exclude: [x] } }
a: { extends: .base, ${GITLAB}, artifacts: { expire_in: 2 days } }
`;
  expect(textOf('gitlab', text)).toContain('paths:\n        - dist\n      name: a\n      expire: 2d\n');
  expect(notesOf('gitlab', text)).toEqual([expect.stringContaining('exclude')]);
});

it('an included file includes others, and the entry of the nearest file counts', () => {
  const { workflows, notes } = convertFiles(
    [
      { path: '.gitlab-ci.yml', content: `include: a.yml\none: { ${GITLAB} }\n` },
      { path: 'a.yml', content: `include: { local: /b.yml }\none: { ${GITLAB.replace('x', 'lost')} }\n` },
      { path: 'b.yml', content: `include: a.yml\ntwo: { ${GITLAB}, stage: deploy }\n` },
    ],
    'gitlab',
  );
  expect(workflows[0]?.text.match(/- name: \w+/g)).toEqual(['- name: one', '- name: two']);
  expect(workflows[0]?.text).not.toContain('lost');
  expect(notes.map(({ file, code, path }) => `${file} ${code} ${path}`)).toEqual([
    '.gitlab-ci.yml convert_changed ',
    'a.yml convert_left_out one',
  ]);
});

it('a pattern in a variable is that pattern, and no build is of a branch with an open merge request alone', () => {
  const text = `variables: { V: "/^v/" }
workflow: { rules: [{ if: "$CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS", when: never }, { if: $CI_COMMIT_BRANCH }] }
a: { ${GITLAB}, rules: [{ if: $CI_COMMIT_TAG =~ $V }] }
`;
  expect(notesOf('gitlab', text)).toEqual([]);
  expect(textOf('gitlab', text)).toContain('CI_COMMIT_TAG matches "^v"');
});

it('a word for when a job runs that is none is noted', () => {
  expect(notesOf('gitlab', `a: { ${GITLAB}, when: manul }\n`)).toEqual([expect.stringContaining('`manul`')]);
});

it('variables of GitLab as a list are noted', () => {
  expect(notesOf('gitlab', `variables: [{ A: b }]\na: { ${GITLAB} }\n`).join()).toContain(
    '1 convert_unknown',
  );
});

const github = (step: string) =>
  `on: push\njobs: { a: { runs-on: ubuntu-latest, container: node, strategy: { matrix: { c: [x, y] } }, steps: [${step}, { run: y }] } }\n`;

it.each([
  'fetch-depth: 0',
  'fetch-tags: true',
  'submodules: false',
  'persist-credentials: false',
  'clean: true',
])('%s of actions/checkout asks for no more than there is', (value) => {
  expect(notesOf('github', github(`{ uses: actions/checkout@v4, with: { ${value} } }`))).toEqual([]);
});

it.each(['submodules: recursive', 'ref: main', 'repository: a/b', 'token: x', 'lfs: true'])(
  '%s of actions/checkout is noted',
  (value) => {
    expect(notesOf('github', github(`{ uses: actions/checkout@v4, with: { ${value} } }`))).toHaveLength(1);
  },
);

it('`||` takes what has a value; where a step runs is known', () => {
  const text = github(
    '{ run: "echo ${{ github.head_ref || github.ref_name }}", if: "runner.os == \'Linux\'", env: { A: "${{ github.head_ref || \'none\' }}", W: "${{ github.workspace }}/a" } }, { run: z, if: "runner.os == \'Windows\'" }, { run: w, if: "contains(matrix.c, \'x\')" }',
  );
  const written = textOf('github', text);
  expect(written).toContain('echo ${CI_COMMIT_SOURCE_BRANCH:-${CI_COMMIT_REF#refs/*/}}');
  expect(written).toContain('A: ${CI_COMMIT_SOURCE_BRANCH:-none}');
  expect(written).toContain('W: /workspace/a');
  expect(written).toContain('evaluate: lower(C) contains "x"');
  expect(notesOf('github', text)).toEqual([expect.stringContaining('cannot hold here')]);
  expect(errorsOf('github', text)).toEqual([]);
});
