import type { PlanOutcome } from '../builds/index.ts';
import type { RepositoryEvent } from '../core/event.ts';
import type { Plan } from '../core/plan.ts';
import type { LintProblemView } from '../core/view.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import { PIPELINE_FILE, planPipeline } from '../pipeline/plan-pipeline.ts';
import { ciContext } from './ci-context.ts';
import type { RecordedBuild } from './ci-context.ts';
import type { IntakeSettings } from './intake-deps.ts';
import type { ProjectRow } from './project-row.ts';
import { changedPaths, type Source } from './read-source.ts';

/** The build that a plan is made for. */
export type PlannedBuild = Pick<RecordedBuild, 'build' | 'previous'>;

/** Stands for a build that is not recorded, to learn what would run in it. */
export const DRAFT: PlannedBuild = {
  build: { id: '', number: 0, createdAtMs: 0, startedAtMs: null, rerunOf: null, reruns: 0 },
  previous: null,
};

/** What the pipeline file at a commit means for an event: a plan, its problems, or an end when it means nothing. */
export function planSource(
  settings: IntakeSettings,
  project: ProjectRow,
  event: RepositoryEvent,
  source: Source,
  { build, previous }: PlannedBuild,
): PlanOutcome {
  const { plan, problems, warnings } = planPipeline({
    ...ciContext(settings, {
      project: { path: project.path, cloneUrl: project.clone_url, defaultBranch: project.default_branch },
      event,
      build,
      previous,
      workflow: null,
      changedFiles: changedPaths(source),
    }),
    text: source.pipelineFile,
    file: PIPELINE_FILE,
    hasDockerfile: source.hasDockerfile,
    changesUnknown: source.changes?.kind === 'unknown' ? source.changes.cause : null,
  });
  if (plan === null) return { kind: 'problems', problems: [...problems, ...warnings].map(toView) };
  if (isEmpty(plan))
    return { kind: 'ended', status: 'skipped', reason: `nothing in ${PIPELINE_FILE} is for this event` };
  return { kind: 'plan', plan, warnings: warnings.map(toView) };
}

/** What a plan does that another need not do: the steps it runs, whether it sets tags, where it deploys. */
export function partsOf(outcome: PlanOutcome): ReadonlySet<string> {
  if (outcome.kind !== 'plan') return new Set();
  const { steps, push, deploys } = outcome.plan;
  return new Set([
    ...steps.filter((step) => step.selected).map((step) => `step ${step.name}`),
    ...(push !== null && push.tags.length > 0 ? ['tags'] : []),
    ...deploys.map(({ environment }) => `deploy ${environment}`),
  ]);
}

function isEmpty(plan: Plan): boolean {
  const runs = plan.steps.some((step) => step.selected) || plan.deploys.length > 0;
  return !runs && plan.push === null && plan.image === null;
}

function toView(problem: LintProblem): LintProblemView {
  const { severity, code, message, fix, file, line, column, excerpt } = problem;
  return { severity, code, message, fix, file, line, column, excerpt };
}
