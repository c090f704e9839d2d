import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { lint } from './support.ts';

const MIB = 1024 * 1024;
const fill = (unit: string): string => unit.repeat(Math.floor(MIB / unit.length));

test('text that is no UTF-8 is refused with the byte and its place', () => {
  const [problem] = lintPipeline(Buffer.from([0x61, 0x3a, 0x20, 0xc3, 0x28]), 'slipway.yml');
  expect(problem).toMatchObject({
    code: 'encoding_wrong',
    line: 1,
    column: 4,
    message: 'The file is not UTF-8: byte 0xc3 at 3 begins no character.',
  });
  const utf16 = lintPipeline(Buffer.from('\uFEFFimage: {}', 'utf16le'), 'slipway.yml');
  expect(utf16).toMatchObject([{ message: 'The file is not UTF-8: it looks like UTF-16.' }]);
  const valid = Buffer.from('image: {}\n# \uFFFD is a character of its own\n');
  expect(lint(valid)).toEqual([]);
});

test('bytes and text with a byte-order mark keep their columns', () => {
  expect(lint('\uFEFFimag: {}')).toEqual(['1:1 key_unknown']);
  expect(lint(Buffer.from('\uFEFFimag: {}'))).toEqual(['1:1 key_unknown']);
});

test.each(['\u0000', '\u0007', '\u001b', '\u007f', '\uD800', '\uFFFE'])(
  'the character %j is refused',
  (character) => {
    expect(lint(`image: {}\nsteps: { a: { commands: "x${character}" } }`)).toEqual(['2:27 character_wrong']);
  },
);

test('YAML never changes the meaning of text: every scalar is what is written', () => {
  const lists = 'steps: { on: { commands: [no, 1.10, 0x1F, 2026-01-01, 1e3] } }';
  expect(lint(lists)).toEqual([]);
  expect(lint('%YAML 1.1\n---\nsteps: { yes: { commands: [off, 010] } }')).toEqual([]);
});

test('an alias bomb is cut off, and honest aliases are not', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (const [index, name] of [...'bcdefgh'].entries()) {
    const before = 'abcdefgh'.charAt(index);
    bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(',')}]`);
  }
  const text = `${bomb.join('\n')}\nsteps: { s: { commands: *h } }\n`;
  expect(lint(text).some((line) => line.endsWith('too_complex') || line.endsWith('type_wrong'))).toBe(true);
  const honest =
    'steps:\n  a: { commands: &c [x, y], environment: &e { A: b } }\n  b: { commands: *c, environment: *e }\n';
  expect(lint(honest)).toEqual([]);
});

test('dictionaries under aliases are bounded too', () => {
  const names = Array.from({ length: 200 }, (_, i) => `V${i}: x`).join(', ');
  const steps = Array.from({ length: 200 }, (_, i) => `  s${i}: { commands: x, environment: *e }`).join('\n');
  const text = `services: { db: { image: a:1, environment: &e { ${names} } } }\nsteps:\n${steps}\n`;
  expect(lint(text).join()).toContain('too_complex');
});

/** Inputs of 1 MiB, and smaller ones, that make naive parsers slow, or end their stack. */
const WORST: Readonly<Record<string, string>> = {
  'nested lists': '['.repeat(MIB / 2) + ']'.repeat(MIB / 2),
  'unclosed lists': fill('['),
  'nested keys within a map': `image: {}\n${'? '.repeat(20_000)}x\nsteps: {}\n`,
  'tens of thousands of errors': `steps: { a: ${'"${A:-'.repeat(9_500)}`,
  'nested maps': fill('{a: '),
  'nested block lists': fill('- '),
  'a list 30,000 levels deep': `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  'a block list 30,000 levels deep': '- '.repeat(30_000),
  'nested keys': fill('? '),
  'one long flow list': `[${'a,'.repeat(MIB / 2 - 2)}]`,
  'many keys': Array.from({ length: 90_000 }, (_, i) => `k${i}: 1`).join('\n'),
  'the same key': 'a: 1\n'.repeat(MIB / 5),
  'many aliases': `a: &a 1\nb: [${'*a,'.repeat(300_000)}]`,
  'many anchors': fill('&a '),
  'many tags': fill('!!a '),
  'many documents': fill('---\n'),
  'many directives': fill('%YAML 1.2\n'),
  'only quotes': fill("'\n"),
  'only colons': fill(': '),
  'only comments': fill('#\n'),
  'only newlines': fill('\n'),
  'one word': fill('a'),
  'one long key': `${'k'.repeat(MIB - 10)}: 1`,
  'a deep path of steps': `steps: {${Array.from({ length: 3_000 }, (_, i) => `s${i}: {commands: x}`).join(',')}}`,
  'wide dependencies': `steps: {${Array.from({ length: 1_900 }, (_, i) => `s${i}: {commands: x, depends_on: [${Array.from({ length: Math.min(i, 20) }, (_, j) => `s${i - j - 1}`).join(',')}], when: {event: tag}}`).join(',')}}`,
};

test.each(Object.entries(WORST))('%s: answered in bounded time, without an exception', (_, text) => {
  const before = process.cpuUsage();
  const problems = lintPipeline(text, 'slipway.yml');
  const { user, system } = process.cpuUsage(before);
  expect(problems.length).toBeLessThanOrEqual(101);
  expect((user + system) / 1_000).toBeLessThan(1_500);
});

test('nesting is refused by its depth, at the first level too many, whatever the parser could bear', () => {
  for (const nested of ['['.repeat(10_000), `${'['.repeat(30)}${']'.repeat(30)}`, '- '.repeat(10_000)]) {
    const problems = lintPipeline(nested, 'slipway.yml');
    expect(problems.map(({ message }) => message)).toEqual([
      'The file is too complex: it has more levels than 24.',
    ]);
  }
});
