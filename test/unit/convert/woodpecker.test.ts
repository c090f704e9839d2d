import { expect, it } from 'vitest';
import { convertFiles } from '../../../src/convert/convert-files.ts';
import { planOf } from '../pipeline/support.ts';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

it('a file of steps, services and conditions stays what it is, with its comments', () => {
  const text = `# what every push runs
when:
  - event: [push, pull_request]
    branch: main # the only one

steps:
  # units first
  test:
    image: node:20
    commands:
      - npm ci
      - npm test # all of them
    environment:
      TOKEN:
        from_secret: token

services:
  db:
    image: postgres:15
# the end
`;
  expect(textOf('woodpecker', text)).toBe(`# what every push runs
when:
  event:
    - push
    - pull_request
  # the only one
  branch: main

image: none

services:
  - name: db
    image: postgres:15

steps:
  # units first
  - name: test
    image: node:20
    environment:
      TOKEN:
        from_secret: token
    commands:
      - npm ci
      # all of them
      - npm test

# the end
`);
  expect(notesOf('woodpecker', text)).toEqual([]);
});

it('in commands `$$` is `$`, event data is the shell’s, and what only bash has becomes a variable', () => {
  const text = `steps:
  a:
    image: busybox:1.36
    commands:
      - echo $\${HOME} "\${CI_COMMIT_MESSAGE}" \${CI_COMMIT_SHA:0:8}
    environment:
      PRICE: $$5
`;
  expect(notesOf('woodpecker', text)).toEqual([]);
  const [step] = planOf(textOf('woodpecker', text)).steps;
  expect(step?.commands).toEqual(['echo ${HOME} "${CI_COMMIT_MESSAGE}" ${COMMIT_SHA_1}']);
  expect(step?.environment).toEqual({ COMMIT_SHA_1: '01234567', PRICE: '$5' });
});

it('a variable in single quotes, and one that nobody sets, are noted at their line', () => {
  const text = `steps:
  a:
    image: busybox:1.36
    commands:
      - echo '\${CI_COMMIT_SHA}'
      - echo \${OTHER}
      - cd /woodpecker/src/x
`;
  expect(notesOf('woodpecker', text).map((one) => one.slice(0, 18))).toEqual([
    '5 convert_changed:',
    '6 convert_changed:',
    '7 convert_changed:',
  ]);
});

it('files of before 1.0: `pipeline`, `branches`, `group`, `secrets` and settings beside the other keys', () => {
  const text = `branches: main
pipeline:
  a:
    group: test
    image: busybox:1.36
    commands: one
    secrets: [token, { source: pass, target: PASSWORD }]
  b:
    group: test
    image: busybox:1.36
    commands: two
  publish:
    image: plugins/docker:1
    repo: shop/web
`;
  expect(textOf('woodpecker', text)).toBe(`when:
  branch: main

image: none

steps:
  - name: a
    image: busybox:1.36
    depends_on: []
    environment:
      TOKEN:
        from_secret: token
      PASSWORD:
        from_secret: pass
    commands:
      - one
  - name: b
    image: busybox:1.36
    depends_on: []
    commands:
      - two
  - name: publish
    image: plugins/docker:1
    depends_on:
      - a
      - b
    settings:
      repo: shop/web
`);
  expect(notesOf('woodpecker', text)).toEqual([]);
});

it('a step for events that are not there is left out with a note, and who waited for it waits for its own', () => {
  const text = `steps:
  - { name: a, image: "busybox:1.36", commands: x }
  - name: nightly
    image: busybox:1.36
    depends_on: [a]
    commands: x
    when:
      - event: release
  - { name: c, image: "busybox:1.36", commands: x, depends_on: [nightly] }
`;
  const plan = planOf(textOf('woodpecker', text));
  expect(plan.steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['a', []],
    ['c', ['a']],
  ]);
  expect(notesOf('woodpecker', text).map((one) => one.split(':')[0])).toEqual([
    '3 convert_left_out',
    '8 convert_left_out',
    '9 convert_changed',
  ]);
});

it('what cannot be honoured is noted at its key, with our way to say it', () => {
  const text = `workspace: { base: /go }
labels: { platform: linux/amd64, gpu: yes, any: "*" }
steps:
  a:
    image: busybox:1.36
    pull: true
    privileged: true
    volumes: [/var/run/docker.sock:/var/run/docker.sock]
    colour: red
    commands: x
    when: { platform: linux/arm64, path: { include: [a], ignore_message: "[all]", on_empty: true } }
services:
  My_DB: { image: "postgres:15", ports: [5432], volumes: [/a:/b] }
`;
  const { notes, needless } = convert('woodpecker', text);
  expect(notes.map(({ line, column, code, path }) => `${line}:${column} ${code} ${path}`)).toEqual([
    '1:1 convert_left_out workspace',
    '2:11 convert_changed labels.platform',
    '2:44 convert_left_out labels.any',
    '7:5 convert_left_out steps.a.privileged',
    '8:15 convert_left_out steps.a.volumes[0]',
    '9:5 convert_unknown steps.a.colour',
    '11:13 convert_left_out steps.a.when.platform',
    '11:58 convert_left_out steps.a.when.path.ignore_message',
    '13:3 convert_changed services.My_DB',
    '13:59 convert_changed services.My_DB.volumes[0]',
  ]);
  for (const { fix } of notes) expect(fix).not.toBe('');
  expect(needless.map(({ path }) => path)).toEqual(['steps.a.when.path.on_empty', 'services.My_DB.ports']);
});

it('aliases, merge keys and lists that are merged are written out', () => {
  const text = `variables:
  - &image node:20
  - &base { image: *image, environment: { A: b } }
  - &paths [a, b]
steps:
  test:
    <<: *base
    commands: x
    when: { path: [{ <<: *paths }, c] }
`;
  expect(notesOf('woodpecker', text)).toEqual([]);
  const [step] = planOf(textOf('woodpecker', text)).steps;
  expect(step).toMatchObject({ image: 'node:20', environment: { A: 'b' } });
  expect(textOf('woodpecker', text)).toContain('path:\n        - a\n        - b\n        - c\n');
});

it('a file that is no YAML, and one whose aliases multiply, end with an error and no workflow', () => {
  expect(convert('woodpecker', 'steps: [').notes.map(({ code }) => code)).toEqual(['yaml_wrong']);
  const lists = Array.from(
    { length: 9 },
    (_, i) => `  - &l${i + 1} [${'*l0, '.replace('0', String(i)).repeat(9)}]`,
  );
  const bomb = `variables:\n  - &l0 [a]\n${lists.join('\n')}\nsteps: { a: { image: x, commands: *l9 } }\n`;
  const { workflows, notes } = convert('woodpecker', bomb);
  expect(workflows).toEqual([]);
  expect(notes.map(({ code }) => code)).toContain('too_complex');
});

it('a problem of the written file is shown at what it came from', () => {
  const text = `steps:
  a:
    commands: x
    image: 'Node 20'
`;
  const { workflows } = convert('woodpecker', text);
  const [workflow] = workflows;
  const problem = {
    severity: 'error',
    code: 'x',
    message: '',
    fix: '',
    file: 'w',
    path: '',
    length: 1,
  } as const;
  const line = workflow?.text.split('\n').findIndex((one) => one.includes('Node 20')) ?? -1;
  const excerpt = { text: '', start: 0, length: 1 };
  expect(workflow?.toOrigin({ ...problem, line: line + 1, column: 12, excerpt })).toMatchObject({
    file: '.woodpecker.yml',
    line: 4,
    column: 12,
    excerpt: { text: "    image: 'Node 20'" },
  });
});

it('takes an expression as it is, with the name in the place of a quoted variable', () => {
  const when = (evaluate: string): string =>
    `when:\n  evaluate: ${evaluate}\nsteps:\n  - { name: a, image: "busybox:1.36", commands: [x] }\n`;
  const kept = `'CI_COMMIT_MESSAGE contains "[x]" && not (CI_COMMIT_AUTHOR == "bot")'`;
  expect(textOf('woodpecker', when(kept))).toContain(`evaluate: ${kept.slice(1, -1)}\n`);
  expect(errorsOf('woodpecker', when(kept))).toEqual([]);
  const quoted = `'"\${CI_COMMIT_TAG}" matches "^v[0-9]"'`;
  expect(textOf('woodpecker', when(quoted))).toContain('evaluate: CI_COMMIT_TAG matches "^v[0-9]"\n');
  expect(errorsOf('woodpecker', when(quoted))).toEqual([]);
  expect(errorsOf('woodpecker', when(`'"x\${CI_COMMIT_TAG}" == "xv1"'`)).join()).toContain(
    'expression_wrong',
  );
});

it('conditions on a schedule are kept, with a note that the schedule itself is to be written', () => {
  const text = `steps:
  - name: nightly
    image: busybox:1.36
    commands: x
    when: { event: [cron, push], cron: [nightly] }
`;
  expect(notesOf('woodpecker', text)).toEqual([
    '5 convert_changed: `steps[0].when.event[0]` is not quite the same here: its schedule is in the settings of the project there, and none is made of it.',
  ]);
  expect(textOf('woodpecker', text)).toContain(
    'when:\n      - event: push\n      - event: cron\n        cron:\n          - nightly\n',
  );
});

it('an expression that compares text with a number is what it is there: never equal', () => {
  const text = `steps:
  - name: one
    image: busybox:1.36
    commands: [x]
    when: { evaluate: 'CI_PIPELINE_NUMBER == 7 || CI_COMMIT_BRANCH == "main"' }
`;
  expect(textOf('woodpecker', text)).toContain('evaluate: false || (CI_COMMIT_BRANCH == "main")\n');
  expect(notesOf('woodpecker', text)).toEqual([
    '5 convert_changed: `steps[0].when.evaluate` is not quite the same here: a variable is text, which equals no number there either; what that comes to is written.',
  ]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('a volume by its name is kept, and noted, for it goes with the build', () => {
  const text =
    'steps:\n  a: { image: "node:20", commands: [x], volumes: ["deps:/deps", "/etc:/etc:ro", "x:/workspace"] }\n';
  expect(convert('woodpecker', text).workflows[0]?.text).toContain('volumes:\n      - deps:/deps\n');
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringContaining('volumes[0]` is not quite the same here'),
    expect.stringContaining(
      'volumes[1]` is left out: no step or service gets such a path of the worker’s host',
    ),
    expect.stringContaining('volumes[2]` is left out: it is no volume'),
  ]);
});

it('who waits for a workflow that never runs here is left out as well, as there, unless it says that it may be missing', () => {
  const of = (head: string) => `${head}\nsteps: [{ name: one, image: "busybox:1.36", commands: [x] }]\n`;
  const { workflows, notes } = convertFiles(
    Object.entries({
      a: 'when: { event: deployment }',
      b: 'depends_on: [a]',
      c: 'depends_on: [d, b]',
      d: 'depends_on: [{ name: a, optional: true }, e]',
      e: '',
      f: 'depends_on: [typo]',
    }).map(([name, head]) => ({ path: `.woodpecker/${name}.yml`, content: of(head) })),
    'woodpecker',
  );
  expect(workflows.map(({ name }) => name)).toEqual(['d', 'e', 'f']);
  expect(workflows[0]?.text).toContain('depends_on:\n  - e\n');
  expect(workflows[2]?.text).toContain('depends_on:\n  - typo\n');
  const left = notes.filter(
    ({ code, message }) => code === 'convert_left_out' && message.includes('waits for'),
  );
  expect(left.map(({ file, line, message }) => `${file}:${line} ${/for `\w`/.exec(message)?.[0]}`)).toEqual([
    '.woodpecker/b.yml:1 for `a`',
    '.woodpecker/c.yml:1 for `b`',
  ]);
});

it('who waits for a workflow that an event leaves out is left out of that build, too', () => {
  const step = 'steps: [{ name: one, image: "busybox:1.36", commands: [x] }]\n';
  const written = Object.fromEntries(
    convertFiles(
      Object.entries({
        check: 'when: { branch: main }\n',
        plain: '',
        deploy: 'depends_on: [plain, check]\n',
        after: 'depends_on: [deploy]\nruns_on: [success, failure]\n',
        beside: 'when: { branch: main }\ndepends_on: [check]\n',
        may: 'depends_on: [{ name: check, optional: true }, { name: nowhere, optional: true }]\n',
      }).map(([name, head]) => ({ path: `.woodpecker/${name}.yml`, content: head + step })),
      'woodpecker',
    ).workflows.map(({ name, text }) => [name, /depends_on:\n(?: .*\n)*/.exec(text)?.[0]]),
  );
  expect(written).toEqual({
    check: undefined,
    plain: undefined,
    deploy: 'depends_on:\n  - plain\n  - name: check\n    optional: "false"\n',
    after: 'depends_on:\n  - name: deploy\n    optional: "false"\n',
    beside: 'depends_on:\n  - check\n',
    may: 'depends_on:\n  - name: check\n    optional: "true"\n',
  });
});

it('a step that may be missing is not waited for where it is', () => {
  const text = [
    'steps:',
    '  a: { image: "a:1", commands: [x] }',
    '  b: { image: "a:1", commands: [x], depends_on: [a], when: { event: tag } }',
    '  c: { image: "a:1", commands: [x], depends_on: [a], when: { event: deployment } }',
    '  d: { image: "a:1", commands: [x], depends_on: [{ name: b, optional: true }, { name: c, optional: true }] }',
    '  e: { image: "a:1", commands: [x], depends_on: [{ name: gone, optional: true }, { name: b, optional: false }] }',
  ].join('\n');
  expect(errorsOf('woodpecker', text)).toEqual([]);
  expect(planOf(textOf('woodpecker', text)).steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['a', []],
    ['b', ['a']],
    ['d', []],
    ['e', ['a']],
  ]);
});

it('variables in the names of steps are replaced here, too; what would not be stays what it is', () => {
  const text = [
    'matrix: { GO: ["1.24"] }',
    'steps:',
    '  "test-${GO}": { image: "golang:1.24", commands: [x] }',
    '  "on ${CI_COMMIT_BRANCH}": { image: "a:1", commands: [x], depends_on: ["test-${GO}"] }',
    '  "$$5 of ${HOME} ${GO": { image: "a:1", commands: [x], depends_on: ["on ${CI_COMMIT_BRANCH}"] }',
    '  last: { image: "a:1", commands: [x], depends_on: ["$$5 of ${HOME} ${GO"] }',
  ].join('\n');
  const { steps } = planOf(textOf('woodpecker', text));
  expect(steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['test-1.24', []],
    ['on main', ['test-1.24']],
    ['$$5 of ${HOME} ${GO', ['on main']],
    ['last', ['$$5 of ${HOME} ${GO']],
  ]);
});

it('an image that is pulled in any case is here, too, by whatever word, of steps and services', () => {
  const woodpecker = textOf(
    'woodpecker',
    'steps: { a: { image: "a:1", pull: true, commands: [x] }, b: { image: "b:1", pull: false, commands: [x] } }\nservices: { db: { image: "c:1", pull: true } }\n',
  );
  expect(woodpecker).toContain('    image: a:1\n    pull: "true"\n');
  expect(woodpecker).toContain('    image: c:1\n    pull: "true"\n');
  expect(woodpecker).not.toContain('image: b:1\n    pull');
  const drone = (policy: string) =>
    textOf('drone', `kind: pipeline\nsteps: [{ name: a, image: "a:1", pull: ${policy}, commands: [x] }]\n`);
  expect(drone('always')).toContain('pull: "true"');
  for (const policy of ['if-not-exists', 'never']) expect(drone(policy)).not.toContain('pull');
  const gitlab = (policy: string) =>
    `a: { image: { name: "a:1", pull_policy: ${policy} }, services: [{ name: "c:1", pull_policy: ${policy} }], script: [x] }\n`;
  expect(textOf('gitlab', gitlab('always')).match(/pull: "true"/g)).toHaveLength(2);
  expect(notesOf('gitlab', gitlab('always'))).toEqual([]);
  expect(textOf('gitlab', gitlab('[always, if-not-present]')).match(/pull: "true"/g)).toHaveLength(2);
  expect(notesOf('gitlab', gitlab('[always, if-not-present]'))).toEqual([
    expect.stringContaining('image.pull_policy` is not quite the same'),
    expect.stringContaining('services[0].pull_policy` is not quite the same'),
  ]);
  expect(notesOf('gitlab', gitlab('never'))).toHaveLength(2);
});

it('what only steps know has its name of today in commands', () => {
  const text =
    'steps: [{ name: a, image: alpine, commands: ["use $CI_PREV_BUILD_NUMBER ${CI_PREV_BUILD_NUMBER:-1}"] }]\n';
  expect(textOf('woodpecker', text)).toContain(
    '- use $CI_PREV_PIPELINE_NUMBER ${CI_PREV_PIPELINE_NUMBER:-1}\n',
  );
  expect(notesOf('woodpecker', text)).toEqual([]);
});

it('a file is one workflow, which ends at `---`', () => {
  const text = `when: { event: push }
steps: [{ name: test, image: "busybox:1.36", commands: [x] }]
---
steps: [{ name: deploy, image: "busybox:1.36", commands: [x] }]
`;
  const { workflows } = convert('woodpecker', text);
  expect(workflows.map(({ name }) => name)).toEqual(['default']);
  expect(planOf(workflows[0]?.text ?? '').steps.map(({ name }) => name)).toEqual(['test']);
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringMatching(/^4 convert_left_out: .*one workflow there, which ends at `---`/),
  ]);
});

it('steps and services without names are counted from 0, and may be waited for so', () => {
  const text = `steps:
  - { image: "busybox:1.36", commands: [one] }
  - { image: "busybox:1.36", commands: [two] }
  - { name: last, image: "busybox:1.36", commands: [x], depends_on: step-1 }
services:
  - { image: "postgres:15" }
`;
  const { steps, services } = planOf(textOf('woodpecker', text));
  expect(steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['step-0', []],
    ['step-1', []],
    ['last', ['step-1']],
  ]);
  expect(services.map(({ name }) => name)).toEqual(['step-0']);
});

it('beside the `include` of a matrix nothing else counts, and that is noted', () => {
  const text = `matrix:
  GO: ["1.21", "1.22"]
  include:
    - { GO: "1.23", DB: a }
steps: [{ name: test, image: "golang:\${GO}", commands: [x] }]
`;
  expect(textOf('woodpecker', text)).toMatch(/^matrix:\n {2}include:\n {4}- GO: "1.23"\n {6}DB: a\n\n/);
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringMatching(/^2 convert_left_out: `matrix\.GO` .*beside an `include`/),
  ]);
});

it('a matrix of more combinations than Woodpecker makes is noted', () => {
  const matrix = (count: number) =>
    `matrix:\n  A: [${Array.from({ length: count }, (_, n) => `a${n}`).join(', ')}]\n  B: [x, y, z]\nsteps: [{ name: t, image: "golang:1", commands: [x] }]\n`;
  expect(notesOf('woodpecker', matrix(9))).toEqual([]);
  expect(notesOf('woodpecker', matrix(10))).toEqual([
    expect.stringMatching(/^\d+ \w+: `matrix` .*all 30 combinations of it run, and 27 of them there/),
  ]);
});

it('what follows `:+`, `:?`, `:=` or `=` is taken where the variable is empty, as after `:-`', () => {
  const text = `steps:
  a:
    image: busybox:1.36
    commands: ["echo \${CI_COMMIT_TAG:+a} \${CI_COMMIT_TAG:?b} \${CI_COMMIT_TAG:=c} \${CI_COMMIT_TAG=d}"]
    environment: { A: "\${CI_COMMIT_TAG:+a}" }
`;
  const [step] = planOf(textOf('woodpecker', text)).steps;
  expect(step?.commands).toEqual([
    'echo ${CI_COMMIT_TAG:-a} ${CI_COMMIT_TAG:-b} ${CI_COMMIT_TAG:-c} ${CI_COMMIT_TAG:-d}',
  ]);
  expect(step?.environment).toEqual({ A: 'a' });
});

it('of what is given twice the later counts, and the earlier is left out, as the note says', () => {
  const text = `steps:
  a: { image: "busybox:1.36", commands: [one], environment: { A: x, A: y } }
  b: { image: "busybox:1.36", commands: [x] }
  a: { image: "busybox:1.36", commands: [two], environment: { A: x, A: y } }
`;
  const { steps } = planOf(textOf('woodpecker', text));
  expect(steps.map(({ name, commands, environment }) => [name, commands, environment])).toEqual([
    ['a', ['two'], { A: 'y' }],
    ['b', ['x'], {}],
  ]);
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringMatching(/^2 convert_left_out: `steps\.a` is left out: it is given twice/),
    expect.stringMatching(/^4 convert_left_out: `steps\.a\.environment\.A` is left out: it is given twice/),
  ]);
});
