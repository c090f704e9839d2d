import { expect, it } from 'vitest';
import { planFiles } from '../../../src/convert/plan-files.ts';
import { EVENTS, inputOf } from '../pipeline/support.ts';
import { convert, errorsOf, notesOf, textOf } from './support.ts';

const STEPS = 'steps:\n  - { name: a, image: "busybox:1.36", commands: [x] }\n';
const woodpecker = (settings: string): string =>
  `${STEPS}clone:\n  - name: git\n    image: woodpeckerci/plugin-git:2\n    settings:\n      ${settings}\n`;
const needlessOf = (text: string): readonly string[] =>
  convert('woodpecker', text).needless.map(({ path, reason }) => `${path}: ${reason}`);

it.each(['depth: 50', 'partial: false', 'tags: true', 'lfs: false', 'recursive: false'])(
  '%s of Woodpecker asks for no more than our checkout has',
  (setting) => {
    expect(notesOf('woodpecker', woodpecker(setting))).toEqual([]);
    expect(needlessOf(woodpecker(setting)).join('\n')).toContain('clone[0].settings.');
  },
);

it.each([
  ['lfs: true', 'Git LFS'],
  ['recursive: true', 'submodules'],
  ['submodule_override: { a: "https://git.example.com/a.git" }', 'submodules'],
  ['skip-verify: true', 'certificates'],
  ['ssh-key: /key', 'the server fetches'],
  ['branch: other', 'by itself'],
])('%s of Woodpecker is noted at its line', (setting, why) => {
  const notes = notesOf('woodpecker', woodpecker(setting));
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^7 convert_left_out: `clone\[0\]\.settings\./);
  expect(notes[0]).toContain(why);
});

const NO_ACCESS =
  'is not quite the same here: it has no access to the Git host, which a server there may give to its image.';

it('steps of somebody else that clone become `clone`, with what they say', () => {
  const text = `${STEPS}clone:
  fetch:
    image: octocat/custom:2
    settings: { depth: 5 }
  modules:
    image: alpine/git:2.47.2
    environment: { A: b }
    commands: [git submodule update --init]
    when: { event: push }
`;
  expect(textOf('woodpecker', text)).toBe(`clone:
  - name: fetch
    image: octocat/custom:2
    settings:
      depth: "5"
  - name: modules
    image: alpine/git:2.47.2
    when:
      event: push
    environment:
      A: b
    commands:
      - git submodule update --init

image: none

steps:
  - name: a
    image: busybox:1.36
    commands:
      - x
`);
  expect(notesOf('woodpecker', text)).toEqual([
    `4 convert_changed: \`clone.fetch\` ${NO_ACCESS}`,
    `7 convert_changed: \`clone.modules\` ${NO_ACCESS}`,
  ]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('the plugin with commands of its own is a step as any other', () => {
  const text = `${STEPS}clone:\n  git: { image: "woodpeckerci/plugin-git:2", commands: [git clone .] }\n`;
  expect(textOf('woodpecker', text)).toContain(
    'clone:\n  - name: git\n    image: woodpeckerci/plugin-git:2\n',
  );
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('steps that clone are waited for by all others, and share no name with them', () => {
  const text =
    'clone: { a: { image: "git:1", commands: [x] } }\n' +
    'steps:\n  a: { image: "busybox:1.36", commands: [x], depends_on: [] }\n  b: { image: "busybox:1.36", commands: [x], depends_on: [a] }\n';
  const { plan, problems } = planFiles({
    ...inputOf(null, EVENTS.push),
    files: [{ path: '.woodpecker.yml', text }],
  });
  expect(problems).toEqual([]);
  expect(plan?.workflows[0]?.plan.steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['a-2', []],
    ['a', ['a-2']],
    ['b', ['a', 'a-2']],
  ]);
});

it.each([
  ['depends_on: []', 'depends_on'],
  ['detach: true', 'detach'],
  ['privileged: true', 'privileged'],
])('of a step that clones %s is noted', (line, key) => {
  const text = `${STEPS}clone:\n  git:\n    image: octocat/custom:2\n    ${line}\n`;
  expect(notesOf('woodpecker', text)[1]).toMatch(`6 convert_left_out: \`clone.git.${key}\` is left out`);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('beside the plugin another step is left out, and so is what else the plugin’s step says', () => {
  const both = `${STEPS}clone:\n  git: { image: woodpeckerci/plugin-git }\n  lfs: { image: "octocat/lfs:1" }\n`;
  expect(notesOf('woodpecker', both)).toEqual([
    '5 convert_left_out: `clone.lfs` is left out: beside the checkout of the plugin, which Slipway does by itself, no other step clones.',
  ]);
  expect(
    notesOf('woodpecker', `${STEPS}clone:\n  git:\n    image: plugins/git\n    when: { event: push }\n`),
  ).toEqual(['6 convert_left_out: `clone.git.when` is left out: Slipway checks the commit out by itself.']);
});

it('where none of the steps that clone can run here, nothing is cloned, as there', () => {
  const text = `${STEPS}clone:\n  git: { image: "octocat/custom:2", when: { event: deployment } }\n`;
  expect(textOf('woodpecker', text)).toContain('skip_clone: "true"');
  expect(notesOf('woodpecker', text).join()).toContain('it clones nothing');
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('beside `skip_clone` steps that clone are not needed: none of them runs there', () => {
  const text = `skip_clone: true\n${STEPS}clone:\n  git: { image: octocat/custom }\n`;
  expect(notesOf('woodpecker', text)).toEqual([]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('settings of a clone step of before `settings` count, too', () => {
  expect(
    notesOf('woodpecker', `${STEPS}clone:\n  git:\n    image: plugins/git\n    depth: 50\n    lfs: true\n`),
  ).toEqual(['7 convert_left_out: `clone.git.lfs` is left out: files of Git LFS are not fetched.']);
});

it('`skip_clone` of Woodpecker and `disable` of Drone become a file without an error', () => {
  const drone = `kind: pipeline\nname: a\nclone: { disable: true, depth: 1 }\n${STEPS}`;
  expect(textOf('woodpecker', `skip_clone: true\n${STEPS}`)).toContain('skip_clone: "true"');
  expect(textOf('drone', drone)).toContain('skip_clone: "true"');
  expect(errorsOf('woodpecker', `skip_clone: true\n${STEPS}`)).toEqual([]);
  expect(errorsOf('drone', drone)).toEqual([]);
});

it.each(['yes', 'on', 'True'])('`skip_clone: %s` says yes there, and here', (value) => {
  const text = `skip_clone: ${value}\nsteps: [{ name: a, image: "busybox:1.36", commands: [x] }]\n`;
  expect(textOf('woodpecker', text)).toMatch(/^skip_clone: "?true"?\n/);
  expect(notesOf('woodpecker', text)).toEqual([]);
});

it.each(['[]', '{}', '~'])('`clone: %s` is the checkout that there is anyway', (value) => {
  const text = `clone: ${value}\nsteps: [{ name: a, image: "busybox:1.36", commands: [x] }]\n`;
  expect(notesOf('woodpecker', text)).toEqual([]);
});
