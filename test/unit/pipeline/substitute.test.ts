import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandTemplate } from '../../../src/pipeline/substitute/expand-template.ts';
import type { Budget } from '../../../src/pipeline/substitute/expand-template.ts';
import { parseTemplate } from '../../../src/pipeline/substitute/parse-template.ts';
import { variablesOf } from '../../../src/pipeline/substitute/template.ts';

const plenty = (): Budget => ({ characters: 1_000_000, work: 10_000_000 });

const expand = (text: string, variables: Readonly<Record<string, string>>, budget = plenty()) => {
  const { template, wrong } = parseTemplate(text);
  if (template === null) throw new Error(`${text}: ${wrong.cause}`);
  return expandTemplate(template, (name) => variables[name] ?? null, budget);
};

/** What a shell makes of each text, each in a child of its own; `null` where it ended with an error. */
function askShell(shell: readonly string[], cases: readonly Case[]): readonly (string | null)[] {
  const lines = cases.map(({ text, variables }) => {
    const assigned = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
    const word = text.replaceAll('$$', '\\$');
    return `(unset V W E U; ${assigned.join('; ')}\nprintf '=%s\\0' "${word}") 2>/dev/null || printf '!\\0'`;
  });
  const [program = 'bash', ...options] = shell;
  const { stdout, status } = spawnSync(program, options, {
    input: `${lines.join('\n')}\n`,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 2 ** 26,
  });
  expect(status).toBe(0);
  const answers = stdout.toString().split('\0').slice(0, -1);
  expect(answers).toHaveLength(cases.length);
  return answers.map((answer) => (answer.startsWith('=') ? answer.slice(1) : null));
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

interface Case {
  readonly text: string;
  readonly variables: Readonly<Record<string, string>>;
}

function compare(shell: readonly string[], cases: readonly Case[]): void {
  const answers = askShell(shell, cases);
  for (const [index, { text, variables }] of cases.entries()) {
    const { text: ours, needed } = expand(text, variables);
    const about = `${text} with ${JSON.stringify(variables)}`;
    // bash ends where a negative length lies before the place; here that is nothing, as other places outside are.
    if (answers[index] === null && /: -\d+\}/.test(text)) continue;
    expect(needed.length > 0 ? null : ours, about).toBe(answers[index]);
  }
}

/* V is mostly set, W may be, E is empty, U is never set. Values have few letters, so that patterns meet them. */
const letter = fc.constantFrom(
  'a',
  'b',
  'c',
  'A',
  'B',
  '/',
  '.',
  '-',
  '_',
  'ä',
  'É',
  '日',
  '🚢',
  ' ',
  '*',
  '[',
  '1',
);
const value = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join(''));
const variables = fc
  .record({ V: value, W: value }, { requiredKeys: [] })
  .map((given): Record<string, string> => ({ ...given, E: '' }));
const name = fc.constantFrom('V', 'V', 'V', 'W', 'E', 'U');
const plainWord = fc
  .array(fc.constantFrom('a', 'b', 'x', '-', '.', ' ', 'ä', '\\}', '\\\\', '$$'), { maxLength: 5 })
  .map((letters) => letters.join(''));
const word = fc.oneof(
  plainWord,
  fc.tuple(plainWord, name).map(([before, one]) => `${before}\${${one}}`),
  fc.tuple(name, plainWord).map(([one, inner]) => `\${${one}:-${inner}}`),
);
const patternPart = fc.constantFrom(
  'a',
  'b',
  'A',
  '.',
  '-',
  'ä',
  '日',
  '*',
  '*',
  '?',
  '[ab]',
  '[!a]',
  '[^a/]',
  '[a-c]',
  '[[:upper:]]',
  '[[:digit:].]',
  '\\*',
  '\\[',
  '\\\\',
  '[',
);
const pattern = fc.array(patternPart, { maxLength: 5 }).map((parts) => parts.join(''));
const someWord = fc.constantFrom('', 'x', '-', 'xy', 'ä', '${W}');
const place = fc.integer({ min: -8, max: 14 }).map((number) => (number < 0 ? ` ${number}` : String(number)));

const posix = fc.oneof(
  fc
    .tuple(name, fc.constantFrom(':-', '-', ':=', '=', ':?', '?', ':+', '+'), word)
    .map((p) => `\${${p.join('')}}`),
  fc.tuple(name, fc.constantFrom('#', '##', '%', '%%'), pattern).map((p) => `\${${p.join('')}}`),
  name.map((one) => `\${${one}}`),
  name.map((one) => `\${#${one}}`),
);
const ofBash = fc.oneof(
  fc.tuple(name, place).map(([one, from]) => `\${${one}:${from}}`),
  fc.tuple(name, place, place).map(([one, from, length]) => `\${${one}:${from}:${length}}`),
  fc
    .tuple(
      name,
      fc.constantFrom('/', '//', '/#', '/%'),
      fc.array(patternPart, { minLength: 1, maxLength: 4 }),
      someWord,
    )
    .map(([one, form, parts, by]) => `\${${one}${form}${parts.join('')}/${by}}`),
  fc.tuple(name, fc.constantFrom('/', '//'), patternPart).map((p) => `\${${p.join('')}}`),
  fc.tuple(name, fc.constantFrom('^', '^^', ',', ',,')).map((p) => `\${${p.join('')}}`),
  fc
    .tuple(name, fc.constantFrom('^', '^^', ',', ',,'), fc.constantFrom('a', '[a-c]', '?', 'É'))
    .map((p) => `\${${p.join('')}}`),
);
const around = fc.constantFrom('', 'x', 'a b-', '$$', '}', '{');
const caseOf = (form: fc.Arbitrary<string>): fc.Arbitrary<Case> =>
  fc.record({
    text: fc.tuple(around, form, around, fc.option(form, { nil: '' })).map((parts) => parts.join('')),
    variables,
  });

describe('as a shell does it', () => {
  const BASH = ['bash', '--norc', '-O', 'extglob', '+O', 'extglob', '+O', 'patsub_replacement'];

  test('the forms of POSIX, over 2,000 cases, as bash', () => {
    compare(BASH, fc.sample(caseOf(posix), { numRuns: 2_000, seed: 11 }));
  });

  test('the forms of bash, over 2,000 cases, as bash', () => {
    compare(BASH, fc.sample(caseOf(ofBash), { numRuns: 2_000, seed: 12 }));
  });

  test('the forms of POSIX, over 1,000 cases of ASCII, as sh', () => {
    const cases = fc.sample(caseOf(posix), { numRuns: 3_000, seed: 13 });
    const isAscii = ({ text, variables: given }: Case) =>
      /^[\x20-\x7e]*$/.test(text + Object.values(given).join('')) && !text.includes('[^');
    compare(['sh'], cases.filter(isAscii).slice(0, 1_000));
  });
});

test.each([
  ['${V}', 'feature/Cart'],
  ['${V:0:7}', 'feature'],
  ['${V: -4}', 'Cart'],
  ['${V:0:-5}', 'feature'],
  ['${V##*/}', 'Cart'],
  ['${V%/*}', 'feature'],
  ['${V/\\//-}', 'feature-Cart'],
  ['${V//[aeiou]}', 'ftr/Crt'],
  ['${V,,}-${U:-none}', 'feature/cart-none'],
  ['${#V}', '12'],
  ['${U:=x}${U}', 'xx'],
  ['${U:-${E:-${V^^}}}', 'FEATURE/CART'],
  ['${V:+set}${U:+set}', 'set'],
  ['$${V} $V $ $', '${V} $V $ $'],
  ['100 %', '100 %'],
])('%s is %s', (text, expected) => {
  expect(expand(text, { V: 'feature/Cart', E: '' }).text).toBe(expected);
});

test.each([
  ['${', 'the name of a variable is missing'],
  ['a ${V', 'its `}` is missing'],
  ['${V:-x', 'its `}` is missing'],
  ['${1}', 'the name of a variable is missing'],
  ['${!V}', '`!` cannot be used: no name is taken from a variable'],
  ['${V@Q}', 'there is no such form'],
  ['${V:x}', 'after `:` comes a place and perhaps a length, both whole numbers'],
  ['${V:}', 'after `:` comes a place and perhaps a length, both whole numbers'],
  ['${V:-'.repeat(11), 'it has more levels than 10'],
])('%s is refused', (text, cause) => {
  expect(parseTemplate(text).wrong?.cause).toBe(cause);
});

test('what is missing, and what is needed, is told', () => {
  expect(expand('${U}${V:-x}${E}${U:-}', { E: '' })).toEqual({ text: 'x', missing: ['U', 'E'], needed: [] });
  expect(expand('${U:?say ${V}}${V?x}', { V: 'it' })).toEqual({
    text: 'it',
    missing: [],
    needed: [{ name: 'U', message: 'say it' }],
  });
  const { template } = parseTemplate('${A:-${B%${C}}}${D/${E}/${F}}');
  expect(variablesOf(template ?? [])).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
});

test('time and space have a bound, whatever pattern and text', () => {
  const long = 'a'.repeat(60_000);
  const texts = [
    `\${V//${'*a'.repeat(60)}b/x}`,
    `\${V%%${'a*'.repeat(60)}b}`,
    `\${V##${'?*'.repeat(60)}b}`,
    `\${V//${'[a-z]'.repeat(30)}/y}`,
  ];
  for (const text of texts) {
    const before = process.cpuUsage();
    expect(expand(text, { V: long }).text.length).toBeLessThanOrEqual(60_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_500);
  }
  const budget = plenty();
  expand(`\${V//a/${'x'.repeat(1_000)}}`, { V: long }, budget);
  expect(budget.characters).toBe(-1);
  const work = plenty();
  for (let i = 0; i < 300; i++) expand('${V//[!a]/}', { V: long }, work);
  expect(work.work).toBe(-1);
});
