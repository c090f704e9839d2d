import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellQuote } from '../../../../src/core/shell-quote.ts';
import { stepScript } from '../../../../worker/steps/step-script.ts';

const sh = (commands: string[]) => spawnSync('sh', ['-e', '-c', stepScript(commands)], { encoding: 'utf8' });

it.each(["it's", 'a\\nb', '$HOME `id` "x"', '%s %d', 'two\nlines', '-n', ''])(
  'shows the command %j as it is',
  (text) => {
    expect(sh([`: ${shellQuote(text)}`]).stdout).toBe(`+ : ${shellQuote(text)}\n`);
  },
);

it('stops at the first command that fails', () => {
  const { status, stdout } = sh(['x=1', 'false', 'echo never']);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '+ x=1\n+ false\n' });
});

it('lets a command have several lines and a here-document', () => {
  expect(sh(['if true; then\n  cat <<END\nhello\nEND\nfi', 'echo after']).stdout).toMatch(
    /\nhello\n\+ echo after\nafter\n$/,
  );
});
