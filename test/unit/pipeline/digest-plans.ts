import { createHash } from 'node:crypto';
import process from 'node:process';
import fc from 'fast-check';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { generatedIncludes, pipelineFiles } from './generate.ts';
import { EVENTS, inputOf } from './support.ts';

/** One digest of what 500 generated files mean, for each of them another event in turn. */
export function digestPlans(): string {
  const digest = createHash('sha256');
  const events = Object.values(EVENTS);
  const all = fc.sample(pipelineFiles, { numRuns: 500, seed: 99 });
  for (const [index, files] of all.entries())
    digest.update(
      JSON.stringify(
        planPipeline(
          inputOf(null, events[index % events.length] ?? EVENTS.push, { files, included: generatedIncludes }),
        ),
      ),
    );
  return digest.digest('hex');
}

if (import.meta.filename === process.argv[1]) process.stdout.write(digestPlans());
