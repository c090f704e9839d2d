import { expect, it } from 'vitest';
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

it('a plugin of somebody else that clones is left out, and so is what else a clone step says', () => {
  expect(notesOf('woodpecker', `${STEPS}clone:\n  git: { image: octocat/custom }\n`)).toEqual([
    '4 convert_left_out: `clone.git` is left out: Slipway checks the commit out by itself.',
  ]);
  expect(
    notesOf('woodpecker', `${STEPS}clone:\n  git:\n    image: plugins/git\n    when: { event: push }\n`),
  ).toEqual(['6 convert_left_out: `clone.git.when` is left out: Slipway checks the commit out by itself.']);
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
