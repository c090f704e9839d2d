import { expect, it } from 'vitest';
import { notesOf } from './support.ts';

const MATRIX = 'matrix: { GO: ["1.20", "1.21"], OS: [linux, "yes"], LIST: ["[a, b]"], NUMBER: ["7", "8"] }\n';
const step = (key: string, value: string): string =>
  `${MATRIX}steps:\n  - name: a\n    image: "busybox:1.36"\n${key === 'environment' ? '    commands: [x]\n' : ''}    ${key}:\n      a: ${value}\n`;
const drone = (key: string, value: string): string =>
  `kind: pipeline\nname: x\n${step(key, value).replace(MATRIX, '')}`;
const ANYTHING =
  'reads the file after it has replaced the variable, so that `1.20` in its place is `1.2` there';

it.each<[string, string]>([
  ['${CI_COMMIT_TAG}', ANYTHING],
  ['${CI_COMMIT_TAG##v}', ANYTHING],
  ['${CI_COMMIT_BRANCH:-main}', ANYTHING],
  ['${CI_COMMIT_SHA:0:8}', ANYTHING],
  ['${GO}', '`1.20` in its place is `1.2` there'],
  ['${LIST}', '`[a, b]` in its place is read as YAML there'],
])('a value %s without quotes is noted, where it is taken as what YAML makes of it', (value, note) => {
  for (const key of ['environment', 'settings']) {
    const notes = notesOf('woodpecker', step(key, value));
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(note);
    expect(notesOf('woodpecker', step(key, `"${value}"`))).toEqual([]);
  }
});

it.each(['v${CI_COMMIT_TAG}', '${CI_COMMIT_SHA}', '${CI_PIPELINE_NUMBER}', '${OS}', '${NUMBER}', '1.${GO}x'])(
  '%s is the same text there',
  (value) => {
    expect(notesOf('woodpecker', step('settings', value))).toEqual([]);
  },
);

it('so are settings of Drone noted, and not its variables, which are text there', () => {
  expect(notesOf('drone', drone('settings', '${DRONE_TAG}'))).toEqual([
    expect.stringContaining(`Drone ${ANYTHING}`),
  ]);
  expect(notesOf('drone', drone('environment', '${DRONE_TAG}'))).toEqual([]);
});

it('a key with a variable is noted, which is replaced there', () => {
  const deep = `${step('settings', '1').replace('a: 1', 'a:')}        "\${GO}": b\n`;
  expect(notesOf('woodpecker', deep)).toEqual([
    '7 convert_changed: `steps[0].settings.a.${GO}` is not quite the same here: no variable is replaced in a key.',
  ]);
  expect(notesOf('woodpecker', deep.replace('settings:', 'commands: [x]\n    environment:'))).toHaveLength(1);
  expect(notesOf('woodpecker', step('settings', '1').replace('a: 1', '"${GO}": 1'))).toHaveLength(1);
});

it('`detach` that is a variable is left out, and noted', () => {
  const text = step('settings', '1').replace('    settings', '    detach: ${OS}\n    settings');
  expect(notesOf('woodpecker', text)).toEqual([
    '5 convert_left_out: `steps[0].detach` is left out: it is `true` or `false`.',
  ]);
});
