import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import type { Format } from '../../../src/convert/converted.ts';
import { convert, notesOf } from './support.ts';

const OF_EVERY_OBJECT = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];

it.each(OF_EVERY_OBJECT)('`%s`, which every object has, is a name like any other', (name) => {
  const gitlab = `a:
  image: busybox:1.36
  script: ["echo $${name} \${${name}}"]
  variables: { A: $${name} }
  only: [${name}]
b:
  image: "busybox:$${name}"
  script: [x]
  rules: [{ if: '$${name} == $A || $CI_PIPELINE_SOURCE == "${name}"' }]
`;
  expect(JSON.stringify(convert('gitlab', gitlab))).not.toContain('native code');
  const github = `on: [push, ${name}]
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: ${name}
      - { run: "echo \${{ ${name} }}", if: "${name} == 'a' || startsWith(${name}, 'b') || ${name}" }
      - { run: y, env: { A: "\${{ ${name} }}" } }
`;
  const notes = notesOf('github', github);
  expect(notes.filter((note) => note.startsWith('6 convert_left_out'))).toHaveLength(1);
  expect(notes.filter((note) => note.startsWith('7 convert_left_out'))).toHaveLength(1);
  const woodpecker = `steps:
  - { name: a, image: "b:\${${name}}", commands: ["echo $${name} \${${name}}"], environment: { A: "\${${name}}" } }
`;
  for (const format of ['woodpecker', 'drone'] as const)
    expect(JSON.stringify(convert(format, woodpecker))).not.toContain('native code');
});

const JOB = 'image: busybox:1.36, script: [x]';

it('templates that extend one template twice, many deep, are read once each', () => {
  const templates = Array.from({ length: 30 }, (_, index) =>
    index === 0 ? '.t0: { tags: [a] }' : `.t${index}: { extends: [.t${index - 1}, .t${index - 1}] }`,
  );
  const { workflows, notes } = convert('gitlab', [...templates, `a: { extends: .t29, ${JOB} }`].join('\n'));
  expect(workflows).toHaveLength(1);
  expect(notes.map(({ code, path }) => `${code} ${path}`)).toEqual(['convert_left_out .t0.tags']);
});

it('a template that extends itself, and one deeper than is read, are noted', () => {
  expect(notesOf('gitlab', `.a: { extends: .a }\na: { extends: .a, ${JOB} }`)).toEqual([
    expect.stringContaining('1 convert_left_out'),
  ]);
  const deep = Array.from({ length: 150 }, (_, index) => `.t${index}: { extends: .t${index + 1} }`);
  expect(notesOf('gitlab', [...deep, `a: { extends: .t0, ${JOB} }`].join('\n'))[0]).toContain(
    'more than 100 templates',
  );
});

const twenty = (name: string) => `$${name}`.repeat(20);

it.each<[string, Format, string]>([
  [
    'variables of variables',
    'gitlab',
    `variables: { A: a, ${'ABCDEFGH'
      .split('')
      .map((name, index) => `${'BCDEFGHI'[index] ?? ''}: ${twenty(name)}`)
      .join(', ')} }\na: { ${JOB} }`,
  ],
  ['a script that refers to itself', 'gitlab', 'a: { image: b, script: [!reference [a, script]] }'],
  [
    'scripts that refer to scripts',
    'gitlab',
    Array.from(
      { length: 40 },
      (_, index) => `.t${index}: { script: [${`!reference [.t${index + 1}, script], `.repeat(2)}x] }`,
    ).join('\n') + `\na: { image: b, script: [!reference [.t0, script]] }`,
  ],
])('%s stand for more than is read: the file is refused', (_, format, text) => {
  const { workflows, notes } = convert(format, text);
  expect(workflows).toEqual([]);
  expect(notes.map(({ code }) => code)).toContain('too_complex');
});

it('a matrix with more cases than are written out is left out before they are', () => {
  const values = `[${Array.from({ length: 20 }, (_, index) => index).join(', ')}]`;
  const rows = 'ABCDEFGH'.split('').map((name) => `${name}: ${values}`);
  const notes = notesOf('gitlab', `a: { ${JOB}, parallel: { matrix: [{ ${rows.join(', ')} }] } }`);
  expect(notes).toEqual([expect.stringContaining('it has more than 200 cases')]);
});

it.each(['(', '!', '!('])('a condition of nothing but `%s` is noted, however deep', (sign) => {
  const condition = sign.repeat(20_000);
  expect(notesOf('gitlab', `a: { ${JOB}, rules: [{ if: "${condition}" }] }`).join()).toContain('`evaluate`');
  expect(
    notesOf(
      'github',
      `on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: x, if: "${condition}" }, { run: y }] } }`,
    ).join(),
  ).toContain('`evaluate`');
});

const LINKS = Array.from(
  { length: 60 },
  (_, at) => `A${at + 1}: "${`\${{ env.A${at} }}`.repeat(20)}"`,
).join();
const ofGithub = (steps: string) =>
  `on: push\nenv: { A0: x, ${LINKS} }\njobs: { a: { container: node, steps: [${steps}] } }\n`;

it.each<[string, string, string]>([
  ['variables of variables in a step', '{ run: x, env: { B: "${{ env.A60 }}" } }', 'too_complex'],
  [
    'variables of variables in a tag',
    '{ uses: docker/build-push-action@v6, with: { push: true, tags: "a/b:${{ env.A60 }}" } }',
    'convert_left_out',
  ],
  ['an alternative of thousands', `{ run: "echo \${{ ${"'' || ".repeat(20_000)}'y' }}" }`, 'convert_changed'],
  [
    'a condition on thousands',
    `{ run: "echo \${{ ${"a && 'x' || ".repeat(20_000)}'y' }}" }`,
    'convert_changed',
  ],
  [
    'thousands of names of an image',
    `{ uses: docker/build-push-action@v6, with: { push: true, tags: "${','.repeat(100_000)}" } }`,
    'convert_left_out',
  ],
])('%s of GitHub: it ends, with a note', (_, step, code) => {
  expect(convert('github', ofGithub(step)).notes.map((note) => note.code)).toContain(code);
});

it('an action that is long, and used by thousands of steps, is refused before it is written', () => {
  const { workflows, notes } = convertFiles(
    [
      { path: 'ci.yml', content: `on: push\njobs: { a: { steps: [${'{ uses: ./a },'.repeat(2_000)}] } }\n` },
      {
        path: 'a/action.yml',
        content: `runs: { using: composite, steps: [{ shell: sh, run: "${'x'.repeat(900_000)}" }] }\n`,
      },
    ],
    'github',
  );
  expect(workflows).toEqual([]);
  expect(notes.map(({ code }) => code)).toContain('too_complex');
});

const MANY = Array.from({ length: 800 }, (_, index) => index);
const VARIABLES = `{ ${MANY.map((one) => `V${one}: x`).join(', ')} }`;

it.each([
  [
    'drone',
    `kind: pipeline\nenvironment: ${VARIABLES}\nsteps:\n${MANY.map((one) => `  - { name: s${one}, image: b, commands: c }`).join('\n')}`,
  ],
  ['gitlab', `variables: ${VARIABLES}\n${MANY.map((one) => `j${one}: { image: b, script: c }`).join('\n')}`],
  [
    'github',
    `on: push\nenv: ${VARIABLES}\njobs:\n  a:\n    steps:\n${MANY.map(() => '      - run: x').join('\n')}`,
  ],
] as const)('variables of a file of %s that each of many steps would have are refused', (format, text) => {
  const { workflows, notes } = convert(format, `${text}\n`);
  expect(workflows).toEqual([]);
  expect(notes.map(({ code }) => code)).toContain('too_complex');
});
