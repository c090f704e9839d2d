import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { keysOfFile, keysOfSchema } from '../../scenarios/support/schema-keys.ts';
import { digestPlans } from './digest-plans.ts';
import { EVENTS, inputOf, planOf, sample } from './support.ts';
import { generatedIncludes, pipelineFiles, pipelineText } from './generate.ts';

const event = fc.constantFrom(...Object.values(EVENTS));

test('the same file, event and paths give the same plan, byte for byte', () => {
  let plans = 0;
  const schema = readFileSync(new URL('../../../docs/slipway.schema.json', import.meta.url), 'utf8');
  const missing = new Set(keysOfSchema(JSON.parse(schema)));
  fc.assert(
    fc.property(
      pipelineFiles,
      event,
      fc.option(fc.array(fc.constantFrom('a', 'src/b.ts', 'docs/c.md'))),
      (files, happened, changedFiles) => {
        const input = inputOf(null, happened, { changedFiles, files, included: generatedIncludes });
        // To read a file takes a fifth of this test: those after the last missing key are not read for it.
        if (missing.size > 0)
          for (const { text } of files) for (const key of keysOfFile(text)) missing.delete(key);
        const first = planPipeline(input);
        const second = planPipeline(structuredClone(input));
        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
        expect(first.plan === null).toBe(first.problems.length > 0);
        if (first.plan === null) return;
        plans++;
        for (const { plan } of first.plan.workflows) holds(plan.steps);
      },
    ),
    { numRuns: 2_000, seed: 42 },
  );
  expect(plans).toBeGreaterThan(1_000);
  expect([...missing]).toEqual([]);
}, 600_000);

/** A step waits only for steps that are selected, and never for itself, however long the way. */
function holds(steps: readonly { name: string; dependsOn: readonly string[]; selected: boolean }[]): void {
  const done = new Set<string>();
  const selected = steps.filter((step) => step.selected);
  for (let round = 0; round <= selected.length; round++)
    for (const { name, dependsOn } of selected) if (dependsOn.every((one) => done.has(one))) done.add(name);
  expect([...done].sort()).toEqual(selected.map(({ name }) => name).sort());
}

test('lint finds whatever keeps a file from having a plan, except what only an event shows', () => {
  const LATE = ['tag_wrong', 'tags_none', 'variable_needed', 'tag_twice', 'environment_twice'];
  fc.assert(
    fc.property(pipelineText, event, (text, happened) => {
      const { problems } = planPipeline(inputOf(text, happened, { included: generatedIncludes }));
      const linted = lintPipeline(text, 'slipway.yml', {
        hasDockerfile: true,
        included: generatedIncludes,
      }).filter(({ severity }) => severity === 'error');
      const early = problems.filter(({ code }) => !LATE.includes(code));
      expect(early).toEqual(linted.filter(({ code }) => !LATE.includes(code)));
    }),
    { numRuns: 400, seed: 7 },
  );
}, 600_000);

test('another process, in another place and language, makes the same plans', async () => {
  const env = { ...process.env, TZ: 'Pacific/Apia', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };
  const program = fileURLToPath(new URL('digest-plans.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
  expect(stdout).toBe(digestPlans());
}, 600_000);

test('bytes and text of a file give the same plan', () => {
  const { plan } = planPipeline(inputOf(Buffer.from(sample), EVENTS.push));
  expect(JSON.stringify(plan?.workflows[0]?.plan)).toBe(JSON.stringify(planOf(sample)));
});
