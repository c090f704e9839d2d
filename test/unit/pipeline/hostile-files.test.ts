import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { ALIAS_BOMB, WORST_FILES } from '../../support/hostile-files.ts';
import { lint } from './support.ts';

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
  expect(lint(ALIAS_BOMB).some((line) => line.endsWith('too_complex') || line.endsWith('type_wrong'))).toBe(
    true,
  );
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

test.each(Object.entries(WORST_FILES))('%s: answered in bounded time, without an exception', (_, text) => {
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
