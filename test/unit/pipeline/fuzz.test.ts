import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, sample } from './support.ts';

/** Pieces that have a meaning somewhere in YAML or in the grammar. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  '- ',
  '? ',
  '*a ',
  '&a ',
  '!!str ',
  '!x ',
  '|\n',
  '>\n',
  '"',
  "'",
  '#',
  '\n',
  '\r\n',
  '\t',
  '  ',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '<<: *a',
  '${CI_',
  '${',
  '\u0000',
  '\uFEFF',
  '\uD800',
  'null',
  '~',
  '0x1F',
  'when: ',
  'depends_on: [a]',
  'name: ',
  '__proto__: {}',
  'constructor: 1',
  'toString: x',
  '日本',
];

const edit = fc.record({
  at: fc.nat(sample.length),
  cut: fc.nat(40),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8 }), fc.constant('')),
});

const mutate = (edits: readonly { at: number; cut: number; piece: string }[]): string =>
  edits.reduce((text, { at, cut, piece }) => text.slice(0, at) + piece + text.slice(at + cut), sample);

test('2,000 broken files: no exception, every problem inside its file, none slow', () => {
  let slowestMs = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = mutate(edits);
      const before = process.cpuUsage();
      const problems = lintPipeline(text, 'slipway.yml');
      const { user, system } = process.cpuUsage(before);
      slowestMs = Math.max(slowestMs, (user + system) / 1_000);
      const lines = text.replace(/^\uFEFF/, '').split('\n');
      for (const { line, column, length, message, fix } of problems) {
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
        expect(length).toBeGreaterThan(0);
        expect(message.length + fix.length).toBeLessThan(1_000);
      }
      const outcome = planPipeline(inputOf(text, EVENTS.push));
      expect(outcome.plan === null).toBe(outcome.problems.length > 0);
    }),
    { numRuns: 2_000, seed: 2026 },
  );
  expect(slowestMs).toBeLessThan(1_000);
});

test('any bytes at all are answered', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(Array.isArray(lintPipeline(bytes, 'slipway.yml'))).toBe(true);
    }),
    { numRuns: 1_000, seed: 1 },
  );
});
