import fc from 'fast-check';
import picomatch from 'picomatch';
import { expect, test } from 'vitest';
import { matchesGlob } from '../../../src/core/glob.ts';

test.each([
  ['main', 'main', true],
  ['main', 'Main', false],
  ['*', 'main', true],
  ['*', 'a/b', false],
  ['**', 'a/b', true],
  ['release/*', 'release/1.2', true],
  ['release/*', 'release/', true],
  ['release/**', 'release/a/b', true],
  ['**/test', 'test', true],
  ['**/test', 'a/b/test', true],
  ['**/test', 'a/btest', false],
  ['a/**/z', 'a/z', true],
  ['a/**/z', 'a/b/c/z', true],
  ['a/**/z', 'a/bz', false],
  ['v?.?', 'v1.2', true],
  ['v?', 'v/', false],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['[]]', ']', true],
  ['{main,develop}', 'develop', true],
  ['{a,b{c,d}}', 'bd', true],
  ['x{a,}', 'x', true],
  ['{a}', '{a}', true],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['\\{a,b\\}', '{a,b}', true],
  ['[', '[', true],
  ['', '', true],
  ['日*', '日本', true],
])('%j against %j is %j', (pattern, text, expected) => expect(matchesGlob(pattern, text)).toBe(expected));

test('agrees with picomatch on plain patterns', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), maxLength: 8 });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '/'), maxLength: 6 });
  fc.assert(
    fc.property(glob, word, (pattern, text) => {
      fc.pre(!/\*\*|\/\/|^\.|\/\.|^\/|\/$|^$/.test(pattern) && !/\/\/|^\.|\/\.|^\/|\/$|^$/.test(text));
      const theirs = picomatch.isMatch(text, pattern, {
        dot: true,
        nobrace: true,
        strictSlashes: true,
      });
      expect([pattern, text, matchesGlob(pattern, text)]).toEqual([pattern, text, theirs]);
    }),
    { numRuns: 3_000, seed: 1 },
  );
});

test.each([
  '*a'.repeat(100) + 'b',
  '**/'.repeat(80) + 'b',
  '{a,b}'.repeat(50),
  '{'.repeat(250),
  '[a-z]*'.repeat(40) + '!',
  '**'.repeat(120),
])('takes bounded time for %s', (pattern) => {
  const before = process.cpuUsage().user;
  expect(matchesGlob(pattern, 'a'.repeat(4_000) + 'c')).toBe(/^\*+$/.test(pattern));
  expect((process.cpuUsage().user - before) / 1_000).toBeLessThan(500);
});
