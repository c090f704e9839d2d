import { UsageError } from '../call-server.ts';
import { didYouMean } from '../../core/did-you-mean.ts';
import type { Plan, StepPlan } from '../../core/plan.ts';
import type { RepositoryEvent } from '../../core/event.ts';
import { refOf } from '../../core/event.ts';
import { ciVariables, type CiContext } from '../../pipeline/ci-variables.ts';
import type { FileInput } from '../../pipeline/decode.ts';
import type { LintProblem } from '../../pipeline/lint-problem.ts';
import { planPipeline } from '../../pipeline/plan-pipeline.ts';
import type { LocalRepository } from './read-repository.ts';

export interface RunPlanned {
  readonly plan: Plan;
  readonly warnings: readonly LintProblem[];
  readonly variables: Readonly<Record<string, string>>;
  readonly ref: string;
}

export interface RunFile {
  /** As it is called in problems. */
  readonly name: string;
  /** Null: there is no file. */
  readonly input: FileInput | null;
  readonly hasDockerfile: boolean;
}

/** What a server would run of the file for that event; its problems when it has some. */
export function planRun(
  file: RunFile,
  repository: LocalRepository,
  event: RepositoryEvent,
  nowMs: number,
): RunPlanned | { readonly problems: readonly LintProblem[] } {
  const context = contextOf(repository, event, nowMs);
  const { plan, problems, warnings } = planPipeline({
    ...context,
    text: file.input,
    file: file.name,
    hasDockerfile: file.hasDockerfile,
  });
  if (plan === null) return { problems: [...problems, ...warnings] };
  return { plan, warnings, variables: ciVariables({ ...context, workflow: 'default' }), ref: refOf(event) };
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
 * run when it is named. @throws UsageError for a name that no step has.
 */
export function onlySteps(plan: Plan, names: readonly string[]): Plan {
  if (names.length === 0) return plan;
  const known = plan.steps.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = didYouMean(name, known);
    const hint = near === null ? `; there are: ${known.join(', ') || 'none'}` : `; did you mean "${near}"?`;
    throw new UsageError(`there is no step "${name}"${hint}`);
  }
  const dependsOn = through(plan.steps, new Set(names));
  const steps = plan.steps
    .filter(({ name }) => names.includes(name))
    .map((step) => ({ ...step, ...RUNS, dependsOn: dependsOn(step.name) }));
  const isImageNeeded = steps.some(({ image }) => image === null);
  return { ...plan, image: isImageNeeded ? plan.image : null, steps };
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
