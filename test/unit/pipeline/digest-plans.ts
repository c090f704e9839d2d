import { createHash } from 'node:crypto';
import process from 'node:process';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { pipelineFile } from './generate.ts';
import { EVENTS, inputOf } from './support.ts';

/** One digest of what 500 generated files mean, for each of them another event in turn. */
export function digestPlans(): string {
  const digest = createHash('sha256');
  const events = Object.values(EVENTS);
  const files = fc.sample(pipelineFile, { numRuns: 500, seed: 99 });
  for (const [index, file] of files.entries())
    digest.update(
      JSON.stringify(planPipeline(inputOf(stringify(file), events[index % events.length] ?? EVENTS.push))),
    );
  return digest.digest('hex');
}

if (import.meta.filename === process.argv[1]) process.stdout.write(digestPlans());
