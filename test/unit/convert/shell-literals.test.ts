import { expect, it } from 'vitest';
import { shellLiterals } from '../../../src/convert/shell-literals.ts';
import { notesOf, textOf } from './support.ts';

it.each([
  ["echo '@'", true],
  ['curl -d \'{\n  "sha": "@"\n}\'', true],
  ['echo "$(jq \'.a == "@"\')"', true],
  ["cat <<'EOF' >a\nit's\n@\nEOF\n", true],
  ['cat <<\\EOF\n@\nEOF', true],
  ['echo "it\'s @"', false],
  ["echo it\\'s @", false],
  ["# don't\necho @", false],
  ["echo 'a' @", false],
  ["echo '\\' @", false],
  ["cat <<EOF\nit's @\nEOF", false],
  ["cat <<-'EOF'\na\n\tEOF\necho @", false],
  ["read a <<< 'b'\necho @", false],
])('%j: taken as it stands: %s', (script, isLiteral) => {
  expect(shellLiterals(script)(script.indexOf('@'))).toBe(isLiteral);
});

it.each<[string, boolean]>([
  ['echo \\$A', true],
  ['echo "\\$A"', true],
  ['echo \\\\$A', false],
  ["echo '\\' $A", false],
  ['echo \\a$A', false],
])('%j: its `$` is taken as it stands: %s', (script, isLiteral) => {
  expect(shellLiterals(script)(script.indexOf('$'))).toBe(isLiteral);
});

it('what another product puts behind a backslash is noted, where the shell here does not', () => {
  const woodpecker =
    'steps:\n  - name: a\n    image: "busybox:1.36"\n    commands:\n      - echo \\${CI_REPO}\n';
  expect(notesOf('woodpecker', woodpecker)).toEqual([
    '5 convert_changed: `steps[0].commands[0]` is not quite the same here: the shell does not replace `${CI_REPO}` behind a backslash.',
  ]);
  const github =
    'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    container: alpine:3\n    steps:\n      - run: echo \\${{ github.sha }}\n';
  expect(notesOf('github', github).join()).toContain(
    'the shell does not replace `${{ github.sha }}` behind a backslash',
  );
});

const drone = (command: string): string =>
  `kind: pipeline\nname: a\nsteps:\n  - name: a\n    image: "busybox:1.36"\n    commands:\n      - ${command}\n`;

it.each(['echo $${DRONE_TAG##v}', 'echo $$DRONE_TAG', 'echo $${#DRONE_TAG}'])(
  '%s of Drone finds its variable, which has another name here',
  (command) => {
    const text = textOf('drone', drone(command));
    expect(text).toContain('      DRONE_TAG: ${CI_COMMIT_TAG}\n');
    expect(text).toContain(`      - ${command.replace('$$', '$')}\n`);
    expect(notesOf('drone', drone(command))).toEqual([]);
  },
);

it('a variable that is left to the shell and has no counterpart is noted', () => {
  expect(notesOf('drone', drone('echo $${DRONE_STAGE_KIND}'))).toEqual([
    expect.stringContaining('`DRONE_STAGE_KIND` of Drone has no counterpart and is not set'),
  ]);
  expect(notesOf('drone', drone('echo $$HOME $$ $${HOME} $${1}'))).toEqual([]);
  expect(textOf('drone', drone('echo $$HOME $$ $${HOME} $${1}'))).toContain('echo $HOME $ ${HOME} ${1}');
});
