import { checkPipeline } from './check/check-pipeline.ts';
import type { Facts } from './check/check-pipeline.ts';
import { checkWorkflows } from './check/check-workflows.ts';
import type { FileInput } from './decode.ts';
import type { LintProblem } from './lint-problem.ts';
import { DEFAULT_WORKFLOW, workflowNameOf, type PipelineFile } from './pipeline-files.ts';
import { readPipeline } from './read-pipeline.ts';
import { readWorkflows } from './read-workflows.ts';

/**
 * Every problem and warning of a pipeline file, in the file's order: what can be said without an event, and without the
 * other files of its folder where it has one. Pure; never throws; answers within a second for any input up to the size
 * limit.
 */
export function lintPipeline(
  text: FileInput,
  file: string,
  facts: Facts = { hasDockerfile: true },
): readonly LintProblem[] {
  const { spec, isWhole, report } = readPipeline(text, file, facts.included);
  if (spec !== null) checkPipeline(spec, facts, report, isWhole);
  const name = workflowNameOf(file);
  if (name === DEFAULT_WORKFLOW) checkWorkflows([{ name, file, spec, isWhole, report }]);
  return report.list();
}

/** Those of all workflows of a folder, held against each other too; of each file in its order. Pure; never throws. */
export function lintWorkflows(files: readonly PipelineFile[], facts: Facts): readonly LintProblem[] {
  return onceEach(readWorkflows(files, facts).flatMap(({ report }) => report.list()));
}

/** What is wrong with a file that several workflows include is said once. Pure. */
export function onceEach(problems: readonly LintProblem[]): readonly LintProblem[] {
  const keyOf = ({ code, file, line, column, message }: LintProblem): string =>
    JSON.stringify([code, file, line, column, message]);
  return [...new Map(problems.map((problem) => [keyOf(problem), problem])).values()];
}
