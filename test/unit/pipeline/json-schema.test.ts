import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { pipelineSchema } from '../../../src/pipeline/json-schema.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import type { LintProblem } from '../../../src/pipeline/lint-problem.ts';
import { pipelineFile } from './generate.ts';
import { sample } from './support.ts';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(pipelineSchema());
const accepts = (file: unknown): boolean => validate(file);

test('the schema is valid draft 2020-12 and accepts the sample file', () => {
  expect(accepts(parse(sample)), JSON.stringify(validate.errors)).toBe(true);
});

test.each(['7', 'true'])('lint and schema both accept an image that is called %s', (image) => {
  const text = `steps: [{ name: a, image: ${image}, commands: ls }]`;
  expect(lintPipeline(text, 'slipway.yml').filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(accepts(parse(text)), JSON.stringify(validate.errors)).toBe(true);
});

test('whatever lint accepts, an editor accepts', () => {
  let accepted = 0;
  fc.assert(
    fc.property(pipelineFile, (file) => {
      const text = stringify(file);
      if (lintPipeline(text, 'slipway.yml').some(({ severity }) => severity === 'error')) return;
      accepted++;
      expect(accepts(parse(text)), `${text}\n${JSON.stringify(validate.errors)}`).toBe(true);
    }),
    { numRuns: 300, seed: 3 },
  );
  expect(accepted).toBeGreaterThan(90);
});

/** Each breaks one rule of the grammar that a schema can say. */
const WRONG: readonly string[] = [
  'imag: {}',
  'matrix: {}',
  'image: Dockerfile',
  'image: { dockerfile: ../Dockerfile }',
  'image: { args: { A-B: x } }',
  'steps: [{ commands: x }]',
  'steps: { a: {} }',
  'steps: { a: { name: a, commands: x } }',
  'steps: { a: { commands: [] } }',
  'steps: { a: { commands: x, failure: stop } }',
  'steps: { a: { commands: x, timeout: 10 } }',
  'steps: { a: { commands: x, when: { event: release } } }',
  'steps: { a: { commands: x, environment: { A: { from_secrets: x } } } }',
  'steps: { a: { commands: x, retry: 0 } }',
  'services: { DB: { image: a } }',
  'services: { db: {} }',
  'push: { repository: Shop/Web }',
  'push: { when: { status: failure } }',
  'deploy: { environment: a, port: 0, host: a }',
  'deploy: { environment: a, port: 80 }',
  'deploy: { environment: a, port: 80, host: "http://a" }',
  'deploy: { environment: a, port: 80, host: a, prepare: start }',
  'deploy: { environment: a, port: 80, host: a, volumes: [/data] }',
];

test.each(WRONG)('lint and schema both refuse %s', (text) => {
  expect(lintPipeline(text, 'slipway.yml').some(({ severity }) => severity === 'error')).toBe(true);
  expect(accepts(parse(text))).toBe(false);
});

/** What a schema can say; it cannot compare a file with itself, nor durations with each other. */
const OF_THE_GRAMMAR = [
  'key_unknown',
  'key_not_yet',
  'key_missing',
  'type_wrong',
  'value_missing',
  'value_wrong',
  'value_not_yet',
  'list_empty',
];

/** A duration, too long or too short for its place. */
function isOfRange({ code, excerpt: { text, start, length } }: LintProblem): boolean {
  return code === 'value_wrong' && /^(?:\d+(?:ms|[smhd]))+$/.test(text.slice(start, start + length));
}

const damage = fc.record({
  where: fc.nat(10_000),
  how: fc.oneof(
    fc.constantFrom('drop', 'rename', 'wrap', 'unwrap'),
    fc.record({
      value: fc.constantFrom(null, [], {}, '', 'Ü b', 'x', 7, true, [[]], { x: 'y' }, { from_secret: 'a' }),
    }),
  ),
});
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;
type Place = { readonly of: Record<string, unknown>; readonly key: string };

function placesOf(value: unknown): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const of = value as Record<string, unknown>;
  return Object.keys(of).flatMap((key) => [{ of, key }, ...placesOf(of[key])]);
}

/** The file with one place of it changed. */
function damaged(file: object, { where, how }: Damage): unknown {
  const copy = structuredClone(file);
  const places = placesOf(copy);
  const place = places[where % places.length];
  if (place === undefined) return copy;
  const { of, key } = place;
  const old = of[key];
  if (how === 'drop' || how === 'rename') {
    if (Array.isArray(of)) of.splice(Number(key), 1);
    else Reflect.deleteProperty(of, key);
    if (how === 'rename' && !Array.isArray(of)) of[`${key}x`] = old;
  } else if (how === 'wrap') of[key] = [old];
  else if (how === 'unwrap') of[key] = Array.isArray(old) ? old[0] : String(old);
  else of[key] = how.value;
  return copy;
}

test('over 800 damaged files the schema accepts what lint accepts, and refuses what the grammar refuses', () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(pipelineFile, damage, (file, one) => {
      const text = stringify(damaged(file, one));
      const errors = lintPipeline(text, 'slipway.yml').filter(({ severity }) => severity === 'error');
      const codes = errors.map(({ code }) => code);
      const ofGrammar = errors.filter(
        (problem) => OF_THE_GRAMMAR.includes(problem.code) && !isOfRange(problem),
      );
      const about = `${text}\n${codes.join(' ')}\n${JSON.stringify(validate.errors)}`;
      if (codes.length === 0) expect(accepts(parse(text)), about).toBe(true);
      if (ofGrammar.length > 0) expect(accepts(parse(text)), about).toBe(false);
      seen[codes.length === 0 ? 'accepted' : 'refused']++;
    }),
    { numRuns: 800, seed: 17 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100);
});
