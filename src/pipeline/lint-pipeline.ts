import { checkPipeline } from './check/check-pipeline.ts';
import type { Facts } from './check/check-pipeline.ts';
import type { FileInput } from './decode.ts';
import type { LintProblem } from './lint-problem.ts';
import { readPipeline } from './read-pipeline.ts';

/**
 * Every problem and warning of a pipeline file, in the file's order: what can be said without an event.
 * Pure; never throws; answers within a second for any input up to the size limit.
 */
export function lintPipeline(
  text: FileInput,
  file: string,
  facts: Facts = { hasDockerfile: true },
): readonly LintProblem[] {
  const { spec, report } = readPipeline(text, file);
  if (spec !== null) checkPipeline(spec, facts, report);
  return report.list();
}
