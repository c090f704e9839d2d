import { WrongValue } from '../call-server.ts';
import { planFiles, readInputs } from '../../convert/plan-files.ts';
import type { Input, InputValues } from '../../core/input.ts';
import { didYouMean } from '../../core/did-you-mean.ts';
import { matrixLabel } from '../../core/matrix-label.ts';
import type { Plan, StepPlan, WorkflowPlan } from '../../core/plan.ts';
import type { RepositoryEvent } from '../../core/event.ts';
import { refOf } from '../../core/event.ts';
import { ciVariables, type CiContext } from '../../pipeline/ci-variables.ts';
import { takeInputs } from '../../pipeline/inputs.ts';
import type { LintProblem } from '../../pipeline/lint-problem.ts';
import type { IncludedFiles } from '../../pipeline/include/included-file.ts';
import { workflowNameOf, type PipelineFile } from '../../pipeline/pipeline-files.ts';
import type { LocalRepository } from './read-repository.ts';

export interface RunPlanned {
  /** Each after those that it waits for. */
  readonly workflows: readonly RunWorkflow[];
  readonly warnings: readonly LintProblem[];
  readonly ref: string;
}

export interface RunWorkflow extends WorkflowPlan {
  readonly variables: Readonly<Record<string, string>>;
}

export interface RunFiles {
  /** All pipeline files of the repository, by the paths that problems name them by; empty: it has none. */
  readonly files: readonly PipelineFile[];
  /** What those include. */
  readonly included: IncludedFiles;
  /** Path of the one that is run, and what it depends on counts as done; null: all. */
  readonly only: string | null;
  readonly hasDockerfile: boolean;
}

/** What is run: an event, and values for what the files ask for, of a build by hand. */
export interface RunCause {
  readonly event: RepositoryEvent;
  readonly inputs: InputValues;
}

/**
 * What a server would run of the files for that event; their problems when they have some.
 * @throws WrongValue with all that is wrong with the inputs.
 */
export function planRun(
  { files, included, only, hasDockerfile }: RunFiles,
  repository: LocalRepository,
  cause: RunCause,
  nowMs: number,
): RunPlanned | { readonly problems: readonly LintProblem[] } {
  const event = withInputs(cause, readInputs(files, { hasDockerfile }));
  const context = contextOf(repository, event, nowMs);
  const { plan, problems, warnings } = planFiles({ ...context, files, included, hasDockerfile });
  if (plan === null) return { problems: [...problems, ...warnings] };
  const workflows = (only === null ? inOrder(plan.workflows) : alone(plan.workflows, only)).map(
    (workflow) => ({
      ...workflow,
      variables: ciVariables({ ...context, workflow: workflow.name }),
    }),
  );
  return { workflows, warnings, ref: refOf(event) };
}

/** Files with errors ask for nothing: the errors are shown. */
function withInputs({ event, inputs }: RunCause, asked: readonly Input[] | null): RepositoryEvent {
  if (event.kind !== 'manual' || asked === null) return event;
  const { values, wrong } = takeInputs(asked, inputs);
  if (wrong.length > 0) throw new WrongValue(`the inputs cannot be taken: ${wrong.join('; ')}`);
  return { ...event, inputs: values };
}

function alone(workflows: readonly WorkflowPlan[], file: string): readonly WorkflowPlan[] {
  const name = workflowNameOf(file);
  return workflows
    .filter((workflow) => workflow.name === name)
    .map((workflow) => ({ ...workflow, dependsOn: [], runsOn: ['success'] as const }));
}

/** Each after those that it waits for, else as they are. */
export function inOrder<T extends WorkflowPlan>(workflows: readonly T[]): readonly T[] {
  const ordered: T[] = [];
  let left = workflows;
  while (left.length > 0) {
    const names = new Set(left.map(({ name }) => name));
    const ready = left.filter(({ dependsOn }) => !dependsOn.some((name) => names.has(name)));
    if (ready.length === 0) break;
    ordered.push(...ready);
    left = left.filter((workflow) => !ready.includes(workflow));
  }
  return ordered;
}

/**
 * The workflows that are run of a matrix: those whose combination has all of `wanted`; one that is of no matrix is run
 * always. @throws WrongValue where there is none.
 */
export function onlyCombinations(
  workflows: readonly RunWorkflow[],
  wanted: Readonly<Record<string, string>>,
): readonly RunWorkflow[] {
  const entries = Object.entries(wanted);
  const fits = ({ matrix }: RunWorkflow): boolean =>
    matrix === null || entries.every(([name, value]) => matrix[name] === value);
  if (entries.length > 0 && !workflows.some((one) => one.matrix !== null && fits(one)))
    throw new WrongValue(`no combination has ${matrixLabel(wanted)}`);
  return workflows.filter(fits);
}

/** No page of a server has the build. */
function contextOf(
  { projectPath, originUrl, defaultBranch, changedFiles }: LocalRepository,
  event: RepositoryEvent,
  nowMs: number,
): CiContext {
  return {
    event,
    project: { path: projectPath, cloneUrl: originUrl ?? '', webUrl: null, defaultBranch },
    build: { number: 1, url: '', createdAtMs: nowMs, startedAtMs: nowMs, rerunOf: null, reruns: 0 },
    previous: null,
    workflow: null,
    changedFiles,
    system: { url: '', version: '' },
  };
}

/**
 * The plan with those steps alone, in their order: what they depend on counts as done. A step that `when` leaves out is
 * run when it is named. @throws WrongValue for a name that no step has.
 */
export function onlySteps(plan: Plan, names: readonly string[]): Plan {
  if (names.length === 0) return plan;
  const known = [...new Set(plan.steps.flatMap(namesOf))];
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = didYouMean(name, known);
    const hint = near === null ? `; there are: ${known.join(', ') || 'none'}` : `; did you mean "${near}"?`;
    throw new WrongValue(`there is no step "${name}"${hint}`);
  }
  const chosen = plan.steps.filter((step) => namesOf(step).some((name) => names.includes(name)));
  const dependsOn = through(plan.steps, new Set(chosen.map(({ name }) => name)));
  const steps = chosen.map((step) => ({ ...step, ...RUNS, dependsOn: dependsOn(step.name) }));
  const isImageNeeded = steps.some(({ image }) => image === null);
  return { ...plan, image: isImageNeeded ? plan.image : null, steps };
}

/** What a step may be called by: a share also by the name of the step in the file, which stands for all of its shares. */
export function namesOf({ name, split }: StepPlan): readonly string[] {
  return split === undefined ? [name] : [split.step, name];
}

/** Whatever `when` says of the event, and of failures before. */
const RUNS: Pick<StepPlan, 'selected' | 'runsOn'> = { selected: true, runsOn: ['success', 'failure'] };

/** Of what a step waits for, directly or by way of others, the nearest that are in `kept`. */
function through(steps: readonly StepPlan[], kept: ReadonlySet<string>): (name: string) => readonly string[] {
  const resolve = (name: string): readonly string[] => {
    const found = steps.find((step) => step.name === name)?.dependsOn ?? [];
    return [...new Set(found.flatMap((one) => (kept.has(one) ? [one] : resolve(one))))];
  };
  return resolve;
}
