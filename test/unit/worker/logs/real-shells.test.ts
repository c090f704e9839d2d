import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../../../src/core/shell-quote.ts';
import { Redactor } from '../../../../worker/logs/redactor.ts';

interface Shell {
  readonly program: readonly [string, ...string[]];
  /** The package of Debian that has it. */
  readonly from: string;
  /** Commands that show the variable Z, beside those of every shell. */
  readonly shows: readonly string[];
  readonly locales?: readonly string[];
}

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: {
    program: ['bash', '--norc'],
    from: 'bash',
    shows: ['declare -p Z', `printf '%q\\n' "$Z"`, 'echo "${Z@Q}"', `command env printf '%q\\n' "$Z"`],
  },
  dash: { program: ['dash'], from: 'dash', shows: [] },
  busybox: { program: ['busybox', 'ash'], from: 'busybox-static', shows: [] },
  zsh: {
    program: ['zsh', '-f'],
    from: 'zsh',
    shows: ['typeset -p Z', `printf '%q\\n' "$Z"`, 'print -r -- ${(q)Z}', 'print -r -- ${(qqqq)Z}'],
  },
  ksh: { program: ['ksh93'], from: 'ksh93u+m', shows: [`printf '%q\\n' "$Z"`] },
  // Without UTF-8 it writes some bytes of a letter as they are, and others not.
  mksh: { program: ['mksh'], from: 'mksh', shows: [`printf '%q\\n' "$Z"`], locales: ['C.UTF-8'] },
};
const ALWAYS_HERE = ['bash', 'dash'];
const EVERYWHERE = ['export -p', 'set', 'set -x; : "$Z"'];

const AWKWARD = [
  ...["'", "''", '"', '!', '$', '`', '~', ' ', '\\', '*', '#', '=', ':', '{', '}', '(', '&', ',', '%', '^'],
  ...['\t', '\n', '\r', '\u0001', '\u001b', '\u007f', 'ä', 'é', '漢', '😀', '\u0085', '\u2028'],
];
const letters = fc.oneof(fc.stringMatching(/^[a-z0-9]{1,3}$/), fc.constantFrom(...AWKWARD));
const secret = fc
  .tuple(fc.array(letters, { minLength: 4, maxLength: 14 }), fc.stringMatching(/^[a-z0-9]{4}$/))
  .map(([parts, tail]) => `${parts.join('').replace(/^[\r\n]+/, '')}${tail}`);
const SECRETS = [
  "hunter''2pass",
  "'begins and ends'",
  "tab\t'x' 4711",
  'päss wörd-4711',
  "short\nit's\nlines",
  "-----BEGIN KEY-----\nit's a/long+line=of\nkeys\n-----END KEY-----",
  ...fc.sample(secret, { numRuns: 60, seed: 21 }),
];

describe.each(Object.entries(SHELLS))('what %s prints of a secret', (name, shell) => {
  const { program, from, shows, locales = ['C.UTF-8', 'C'] } = shell;
  describe.each(locales)('in the locale %s', (locale) => {
    it.for([...EVERYWHERE, ...shows])('is masked but for quotes, by %s', (show, context) => {
      const printed = printedBy(program, show, locale);
      if (printed === null && !ALWAYS_HERE.includes(name))
        return context.skip(`${program[0]} is not on this machine (apt-get install ${from})`);
      expect(printed).not.toBeNull();
      expect(printed?.flatMap((one, n) => leaksOf(SECRETS[n] ?? '', one))).toEqual([]);
    });
  });
});

const MARK = '----- next -----';

interface Printed {
  readonly alone: Buffer;
  readonly inText: Buffer;
}

/** What a shell prints of each secret; null where there is no such shell. */
function printedBy(program: Shell['program'], show: string, locale: string): readonly Printed[] | null {
  const [command, ...options] = program;
  const texts = SECRETS.flatMap((value) => [value, `begin:${value}:end.`]);
  const { stdout, status, error } = spawnSync(command, options, {
    input: texts
      .map((text) => `Z=${shellQuote(text)}; export Z; echo '${MARK}'; true; (${show}) 2>&1\n`)
      .join(''),
    env: { PATH: process.env['PATH'], LC_ALL: locale },
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) return null;
  expect(status).toBe(0);
  const parts = stdout.toString('latin1').split(`${MARK}\n`).slice(1);
  expect(parts).toHaveLength(texts.length);
  const bytes = (n: number): Buffer => Buffer.from(parts[n] ?? '', 'latin1');
  return SECRETS.map((_, n) => ({ alone: bytes(2 * n), inText: bytes(2 * n + 1) }));
}

/** What shows more of a secret than a mask, and beside it what opens and closes quotes or escapes its first letter. */
function leaksOf(value: string, { alone, inText }: Printed): readonly object[] {
  const redactor = new Redactor([value]);
  const masked = (bytes: Buffer): string => Buffer.concat([redactor.push(bytes), redactor.end()]).toString();
  const whole = /^\+\S* : (.*)$|\bZ=(.*)$/ms.exec(masked(alone)) ?? [masked(alone)];
  const [line = ''] = (whole[1] ?? whole[2] ?? whole[0]).split('\n');
  const between = [...masked(inText).matchAll(/begin:(.*?):end\./gs)].map(([, text = '']) => text);
  const isMasked = [line, ...between].every((text) => /^[$'"\\]*\*{8}[$'"]* ?$/.test(text));
  return isMasked && between.length > 0 ? [] : [{ value, line, between }];
}
