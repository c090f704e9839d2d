import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { pipelineSchema } from '../../../src/pipeline/json-schema.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { pipelineFile } from './generate.ts';
import { sample } from './support.ts';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(pipelineSchema());
const accepts = (file: unknown): boolean => validate(file);

test('the schema is valid draft 2020-12 and accepts the sample file', () => {
  expect(accepts(parse(sample)), JSON.stringify(validate.errors)).toBe(true);
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
  'steps: { a: { commands: x, when: { event: cron } } }',
  'steps: { a: { commands: x, environment: { A: { from_secrets: x } } } }',
  'steps: { a: { commands: x, retry: 2 } }',
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
