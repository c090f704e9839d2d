import { expect, it } from 'vitest';
import { errorsOf, notesOf, textOf } from './support.ts';

const step = (lines: string): string =>
  `steps:\n  - name: a\n    image: "busybox:1.36"\n${lines.replace(/^/gm, '    ')}\n`;

it('an `entrypoint` that is one word is a list of it', () => {
  expect(textOf('woodpecker', step('entrypoint: /bin/x'))).toContain('    entrypoint:\n      - /bin/x\n');
  expect(notesOf('woodpecker', step('entrypoint: /bin/x'))).toEqual([]);
  expect(errorsOf('woodpecker', step('entrypoint: /bin/x'))).toEqual([]);
});

it('an empty one is none', () => {
  expect(textOf('woodpecker', step('entrypoint: []\nsettings: { a: b }'))).toContain('      a: b\n');
  expect(errorsOf('woodpecker', step('entrypoint: []\nsettings: { a: b }'))).toEqual([]);
});

it('one that runs the commands is left out, and noted', () => {
  const text = step(
    'entrypoint: [/bin/bash, -c, \'echo "$CI_SCRIPT" | base64 -d | bash -e\']\ncommands: [x]',
  );
  expect(textOf('woodpecker', text)).toContain('    commands:\n      - x\n');
  expect(notesOf('woodpecker', text)).toEqual([
    '4 convert_left_out: `steps[0].entrypoint` is left out: a step runs its commands by `sh -e`.',
  ]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});

it('an empty image is noted as one that is not there', () => {
  const text = step('commands: [x]').replace('"busybox:1.36"', '""');
  expect(notesOf('woodpecker', text)).toEqual([expect.stringContaining('it names no image')]);
});

it('a `directory` at the checkout’s place in a container there is left out, and noted', () => {
  const text = step('commands: [x]\ndirectory: /woodpecker/src/git.example.com/team/shop/web');
  expect(textOf('woodpecker', text)).not.toContain('directory');
  expect(notesOf('woodpecker', text)).toEqual([
    '5 convert_left_out: `steps[0].directory` is left out: it is outside of the checkout.',
  ]);
});

it.each(['environment', 'settings'])('in `%s` what stands beside the name of a secret is noted', (key) => {
  const commands = key === 'environment' ? 'commands: [x]\n' : '';
  const text = step(`${commands}${key}: { A: { from_secret: token, as: b } }`);
  expect(notesOf('woodpecker', text)).toEqual([
    expect.stringMatching(/^\d convert_unknown: `steps\[0\]\.\w+\.A\.as` is left out/),
  ]);
  expect(errorsOf('woodpecker', text)).toEqual([]);
});
