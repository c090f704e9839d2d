import type { Foreign } from '../foreign.ts';
import { needsBash } from '../github/only-bash.ts';
import { entry, list, text } from '../out.ts';
import type { OutEntry, OutList, OutText } from '../out.ts';
import { shellLiterals } from '../shell-literals.ts';

/** Lines of a script, and the key that they are from. */
export interface Script {
  readonly lines: readonly OutText[];
  readonly from: Foreign | null;
}

/**
 * The commands of a job. GitLab's runner gives them to bash, or to `sh` where the image has none, and sets `pipefail` where
 * the shell knows it (GitLab Runner, "Types of shells supported by GitLab Runner"); ours are run by `sh -e` without it. So a
 * script that this is another thing for becomes one command, which runs it as there.
 */
export function commandsEntry(main: Script, after: Script): OutEntry | null {
  return main.lines.length === 0 ? null : entry('commands', commandsOf(main, after), main.from);
}

function commandsOf(main: Script, after: Script): OutList {
  if (after.lines.length > 0) return withAfter(main, after);
  const script = scriptOf(main);
  return hasPipe(script) || ESCAPE_OF_ECHO.test(script) || needsBash(script, '')
    ? list([text(runOf(script, ''), main.from)], main.from)
    : list(main.lines, main.from);
}

/**
 * A shell of its own for what comes after the script, in the same container, however the script ended, and without a part in
 * how the job ended (GitLab, "CI/CD YAML syntax", `after_script`).
 */
function withAfter(main: Script, after: Script): OutList {
  const first = `job_exit=0\nexport CI_JOB_STATUS=running\n${runOf(scriptOf(main), ' || job_exit=$?')}`;
  const second = `[ $job_exit = 0 ] && CI_JOB_STATUS=success || CI_JOB_STATUS=failed\n${runOf(scriptOf(after), ' || true')}`;
  return list([text(first, main.from), text(second, after.from), text('exit $job_exit')], main.from);
}

const scriptOf = ({ lines }: Script): string =>
  lines.map(({ value }) => value.replace(/\n+$/, '')).join('\n');

/** It is read beside the input, which commands may read. */
function runOf(script: string, behind: string): string {
  const run = hasPipe(script) ? `${PIPEFAIL}\n${script}` : script;
  const inside = run.split('\n');
  let word = 'END_OF_SCRIPT';
  while (inside.includes(word)) word += '_';
  return `$(command -v bash || echo sh) -e /dev/fd/3 3<<'${word}'${behind}\n${run}\n${word}`;
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
