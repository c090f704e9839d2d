import type { Foreign } from '../foreign.ts';
import { needsBash } from '../github/only-bash.ts';
import { list, text } from '../out.ts';
import type { OutList, OutText } from '../out.ts';
import { shellLiterals } from '../shell-literals.ts';

/**
 * The commands of a job. GitLab's runner gives them to bash, or to `sh` where the image has none, and sets `pipefail` where
 * the shell knows it (GitLab Runner, "Types of shells supported by GitLab Runner"); ours are run by `sh -e` without it. So a
 * script that this is another thing for becomes one command, which runs it as there.
 */
export function commandsOf(lines: readonly OutText[], from: Foreign | null): OutList {
  const script = lines.map(({ value }) => value.replace(/\n+$/, '')).join('\n');
  const isPiped = hasPipe(script);
  if (!isPiped && !ESCAPE_OF_ECHO.test(script) && !needsBash(script, '')) return list(lines, from);
  const run = [...(isPiped ? [PIPEFAIL] : []), script].join('\n');
  const inside = run.split('\n');
  let word = 'END_OF_SCRIPT';
  while (inside.includes(word)) word += '_';
  // It is read beside the input, which commands may read.
  return list([text(`$(command -v bash || echo sh) -e /dev/fd/3 3<<'${word}'\n${run}\n${word}`, from)], from);
}

const PIPEFAIL = 'if set -o | grep -q pipefail; then set -o pipefail; fi';

/** What `sh` of Debian replaces, and bash does not. */
const ESCAPE_OF_ECHO = /\becho\b[^\n]{0,500}\\[abcefnrtv0]/;

/** What cannot fail before a pipe. */
const SAID_TO_PIPE = /(?:^|[;&|({`!]|\b(?:then|do|else)\b)[ \t]*(?:echo|printf)\b[^\n;&|`]*\|(?![|&])/gm;

/** Whether a command that may fail stands before a pipe. */
function hasPipe(script: string): boolean {
  const isLiteral = shellLiterals(script);
  return script
    .split('')
    .map((character, at) => (isLiteral(at) ? '_' : character))
    .join('')
    .replace(/"[^"$`\n]*"/g, '_')
    .replace(SAID_TO_PIPE, '')
    .split('\n')
    .some((line) => /(?<![|>\\])\|(?!\|)/.test(line));
}
