import type { Input } from '../core/input.ts';
import type { Facts } from '../pipeline/check/check-pipeline.ts';
import type { FileInput } from '../pipeline/decode.ts';
import { lintPipeline, lintWorkflows } from '../pipeline/lint-pipeline.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import type { CronTime } from '../pipeline/cron-time.ts';
import type { PipelineSpec } from '../pipeline/grammar/pipeline.ts';
import { inputsOf } from '../pipeline/inputs.ts';
import {
  DEFAULT_WORKFLOW,
  PIPELINE_FILE,
  PIPELINE_FOLDER,
  type PipelineFile,
} from '../pipeline/pipeline-files.ts';
import { readWorkflows } from '../pipeline/read-workflows.ts';
import { planPipeline } from '../pipeline/plan-pipeline.ts';
import type { PlanInput, PlanOutcome } from '../pipeline/plan-pipeline.ts';
import type { Converted, ConvertedWorkflow } from './converted.ts';
import { isForeignPath, readForeign } from './read-foreign.ts';

/**
 * What the pipeline files of a repository mean for one event, ours or those of Woodpecker and Drone, which are run as they
 * are: problems stand in the file that is there, and what cannot be honoured is a warning. Pure, never throws.
 */
export function planFiles(input: PlanInput): PlanOutcome {
  const converted = readForeign(
    input.files.filter(({ path }) => isForeignPath(path)).map(({ path, text }) => ({ path, content: text })),
  );
  return converted === null ? planPipeline(input) : planConverted(input, converted);
}

/**
 * Every problem and warning of a pipeline file without an event, ours or one that is run as it is; as `lintPipeline`.
 * Pure; never throws.
 */
export function lintFile(text: FileInput, file: string, facts: Facts): readonly LintProblem[] {
  const converted = isForeignPath(file) ? readForeign([{ path: file, content: text }]) : null;
  if (converted === null) return lintPipeline(text, file, facts);
  const { workflows, notes } = converted;
  const files = workflows.map((workflow) => ({ path: pathOf(workflow), text: workflow.text }));
  const origins = new Map(workflows.map((workflow) => [pathOf(workflow), workflow]));
  const problems = lintWorkflows(files, facts).map(
    (problem) => origins.get(problem.file)?.toOrigin(problem) ?? problem,
  );
  return [...notes, ...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** A schedule of a repository, by its name. */
export interface Schedule extends CronTime {
  readonly name: string;
}

/** What the pipeline files of a repository ask for when a build is started by hand; null where they have errors. */
export function readInputs(files: readonly PipelineFile[], facts: Facts): readonly Input[] | null {
  const specs = readSpecs(files, facts);
  if (specs === null) return null;
  const inputs = specs.flatMap((spec) => inputsOf(spec.inputs));
  return [...new Map(inputs.map((input) => [input.name, input])).values()];
}

/** When builds are made by the clock, as the pipeline files of a repository say; null where they have errors. */
export function readSchedules(files: readonly PipelineFile[], facts: Facts): readonly Schedule[] | null {
  return (
    readSpecs(files, facts)?.flatMap(({ cron }) =>
      cron.map(({ name, schedule, timezone }) => ({
        name: name.value,
        expression: schedule.value,
        timezone: timezone.value,
      })),
    ) ?? null
  );
}

function readSpecs(files: readonly PipelineFile[], facts: Facts): readonly PipelineSpec[] | null {
  const converted = readForeign(
    files.filter(({ path }) => isForeignPath(path)).map(({ path, text }) => ({ path, content: text })),
  );
  if (converted?.notes.some(({ severity }) => severity === 'error') === true) return null;
  const own =
    converted?.workflows.map((workflow) => ({ path: pathOf(workflow), text: workflow.text })) ?? files;
  const workflows = readWorkflows(own, facts);
  if (workflows.some(({ report }) => report.hasErrors())) return null;
  return workflows.flatMap(({ spec }) => spec ?? []);
}

function planConverted(input: PlanInput, { workflows, notes }: Converted): PlanOutcome {
  const errors = notes.filter(({ severity }) => severity === 'error');
  const left = notes.filter(({ severity }) => severity === 'warning');
  if (errors.length > 0) return { plan: null, problems: errors, warnings: left };
  // Not the default pipeline: the repository has a file, which does nothing.
  if (workflows.length === 0) return { plan: { workflows: [] }, problems: [], warnings: left };
  const files = workflows.map((workflow) => ({ path: pathOf(workflow), text: workflow.text }));
  const outcome = planPipeline({ ...input, files });
  const origins = new Map(workflows.map((workflow) => [pathOf(workflow), workflow]));
  const toOrigin = (problem: LintProblem): LintProblem =>
    origins.get(problem.file)?.toOrigin(problem) ?? problem;
  const warnings = [...left, ...outcome.warnings.map(toOrigin)];
  return outcome.plan === null
    ? { plan: null, problems: outcome.problems.map(toOrigin), warnings }
    : { plan: outcome.plan, problems: [], warnings };
}

function pathOf({ name }: ConvertedWorkflow): string {
  return name === DEFAULT_WORKFLOW ? PIPELINE_FILE : `${PIPELINE_FOLDER}/${name}.yml`;
}
