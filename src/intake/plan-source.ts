import type { PlanOutcome } from '../builds/index.ts';
import { planFiles } from '../convert/plan-files.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { workflowLabel } from '../core/matrix-label.ts';
import type { Plan, WorkflowPlan } from '../core/plan.ts';
import type { LintProblemView } from '../core/views/lint-view.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import { PIPELINE_FILE } from '../pipeline/pipeline-files.ts';
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
  const { plan, problems, warnings } = planFiles({
    ...ciContext(settings, {
      project: { path: project.path, cloneUrl: project.clone_url, defaultBranch: project.default_branch },
      event,
      build,
      previous,
      workflow: null,
      changedFiles: changedPaths(source),
    }),
    files: source.pipelineFiles,
    included: source.included,
    hasDockerfile: source.hasDockerfile,
    changesUnknown: source.changes?.kind === 'unknown' ? source.changes.cause : null,
  });
  if (plan === null) return { kind: 'problems', problems: [...problems, ...warnings].map(toView) };
  const workflows = plan.workflows.filter((workflow) => !isEmpty(workflow.plan));
  if (workflows.length === 0)
    return { kind: 'ended', status: 'skipped', reason: `nothing in ${nameOf(source)} is for this event` };
  return { kind: 'plan', plan, warnings: warnings.map(toView) };
}

/** The file, or its folder. */
const nameOf = ({ pipelineFiles: [first] }: Source): string =>
  first?.path.replace(/\/.*/, '') ?? PIPELINE_FILE;

/** What a plan does that another need not do: the steps it runs, whether it sets tags, where it deploys. */
export function partsOf(outcome: PlanOutcome): ReadonlySet<string> {
  if (outcome.kind !== 'plan') return new Set();
  return new Set(outcome.plan.workflows.flatMap(partsOfWorkflow));
}

function partsOfWorkflow(workflow: WorkflowPlan): readonly string[] {
  const { steps, push, deploys } = workflow.plan;
  const label = workflowLabel(workflow);
  return [
    ...steps.filter((step) => step.selected).map((step) => `step ${label} ${step.name}`),
    ...(push !== null && push.tags.length > 0 ? [`tags ${label}`] : []),
    ...deploys.map(({ environment }) => `deploy ${environment}`),
  ];
}

function isEmpty(plan: Plan): boolean {
  const runs = plan.steps.some((step) => step.selected) || plan.deploys.length > 0;
  return !runs && plan.push === null && plan.image === null;
}

function toView(problem: LintProblem): LintProblemView {
  const { severity, code, message, fix, file, line, column, excerpt } = problem;
  return { severity, code, message, fix, file, line, column, excerpt };
}
