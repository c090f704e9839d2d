import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { countProblems, formatProblems, type Paint } from '../../../src/cli/format-problems.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

const plain: Paint = (_style, text) => text;
const colored: Paint = (style, text) => styleText(style, text, { validateStream: false });
const format = (text: string, color = false) =>
  formatProblems(lintPipeline(text, 'slipway.yml'), color ? colored : plain);

test('a problem shows its place, its line, the offending text and the fix', () => {
  expect(format('steps:\n  - name: unit\n    comands: [npm test]\n')).toBe(
    [
      'slipway.yml:3:5 error key_unknown',
      '  `comands` is no key of a step.',
      '   3 |     comands: [npm test]',
      '     |     ^^^^^^^',
      '  Did you mean `commands`?',
      '',
    ].join('\n'),
  );
});

test('the underline stands under wide characters, marks and tabs', () => {
  const [, , line = '', marks = ''] = format(
    'steps: [{ name: "日本\u0301 🚢",\tcommands: x, group: 1 }]',
  ).split('\n');
  const before = line.slice(0, line.indexOf('group'));
  const columns = [...before].reduce(
    (sum, one) => sum + (/[日本🚢]/u.test(one) ? 2 : one === '\u0301' ? 0 : 1),
    0,
  );
  expect(marks.indexOf('^')).toBe(columns);
  expect(marks.match(/\^+/)?.[0]).toHaveLength('group'.length);
});

test('a long line is shown around the offending text', () => {
  const lines = format(`steps: { a: { commands: "${'x'.repeat(300)}", retyr: 1 } }`).split('\n');
  const [, , line = '', marks = ''] = lines;
  expect(line.length).toBeLessThan(120);
  expect(line.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1)).toBe('retyr');
});

test('a line that is cut parts no character in two', () => {
  const wide = format(
    `steps: { a: { commands: "${'🚢'.repeat(120)}", retyr: 1, b: "${'🚢'.repeat(120)}" } }`,
  );
  expect(wide).toContain('retyr');
  expect(wide.isWellFormed()).toBe(true);
});

test('the end of a line of Windows is no part of it', () => {
  expect(format('imag: {}\r\nsteps: {}\r\n')).toContain('   1 | imag: {}\n');
});

test('problems of builds of before are told without their line', () => {
  const old = lintPipeline('imag: {}', 'slipway.yml').map(
    ({ severity, code, message, fix, file, line, column }) => {
      return { severity, code, message, fix, file, line, column };
    },
  );
  expect(formatProblems(old, plain)).toBe(
    'slipway.yml:1:1 error key_unknown\n  `imag` is no key of the file.\n  Did you mean `image`?\n',
  );
});

test('nothing of the file can speak to the terminal', () => {
  const text = 'steps: { a: { commands: x, "\\e[2J\\u202Ekey": 1, timeout: "\\e]0;x\\a" } } # \u202E \u0085';
  expect(format(text)).not.toMatch(/[\u001b\u0007\u202e\u0085]/);
  const bell = format('a: \u001b[31m');
  expect(bell).toContain('character_wrong');
  expect(bell).not.toContain('\u001b');
});

test('colours come only when asked for', () => {
  expect(format('imag: {}')).not.toContain('\u001b');
  expect(format('imag: {}', true)).toContain('\u001b[31m^^^^\u001b[39m');
});

test('problems are counted in words', () => {
  const count = (text: string) => countProblems(lintPipeline(text, 'slipway.yml'));
  expect(count('image: {}')).toBe('no problems');
  expect(count('imag: {}')).toBe('1 error');
  expect(count('imag: {}\npus: {}\npush: { tags: latest }')).toBe('2 errors, 1 warning');
});
