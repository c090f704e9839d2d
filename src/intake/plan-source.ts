import type { PlanOutcome } from '../builds/index.ts';
import type { RepositoryEvent } from '../core/event.ts';
import type { Plan } from '../core/plan.ts';
import type { LintProblemView } from '../core/view.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';
import { PIPELINE_FILE, planPipeline } from '../pipeline/plan-pipeline.ts';
import type { IntakeSettings } from './intake-deps.ts';
import type { ProjectRow } from './project-row.ts';
import { changedPaths, type Source } from './read-source.ts';

/** The build that a plan is made for. */
export interface PlannedBuild {
  readonly id: string;
  readonly number: number;
  readonly createdAtMs: number;
  readonly rerunOf: number | null;
}

/** What the pipeline file at a commit means for an event: a plan, its problems, or an end when it means nothing. */
export function planSource(
  settings: IntakeSettings,
  project: ProjectRow,
  event: RepositoryEvent,
  source: Source,
  build: PlannedBuild,
): PlanOutcome {
  const { plan, problems, warnings } = planPipeline({
    text: source.pipelineFile,
    file: PIPELINE_FILE,
    hasDockerfile: source.hasDockerfile,
    event,
    project: {
      path: project.path,
      cloneUrl: project.clone_url,
      webUrl: webUrlOf(project.clone_url),
      defaultBranch: project.default_branch,
    },
    build: {
      number: build.number,
      url: `${settings.publicUrl}/builds/${build.id}`,
      createdAtMs: build.createdAtMs,
      rerunOf: build.rerunOf,
    },
    changedFiles: changedPaths(source),
    changesUnknown: source.changes?.kind === 'unknown' ? source.changes.cause : null,
    system: { url: settings.publicUrl, version: settings.version },
  });
  if (plan === null) return { kind: 'problems', problems: problems.map(toView) };
  if (isEmpty(plan))
    return { kind: 'ended', status: 'skipped', reason: `nothing in ${PIPELINE_FILE} is for this event` };
  return { kind: 'plan', plan, warnings: warnings.map(toView) };
}

/** The names of the steps that a plan runs. */
export function selectedSteps(outcome: PlanOutcome): ReadonlySet<string> {
  if (outcome.kind !== 'plan') return new Set();
  return new Set(outcome.plan.steps.filter((step) => step.selected).map((step) => step.name));
}

function isEmpty(plan: Plan): boolean {
  const runs = plan.steps.some((step) => step.selected) || plan.deploys.length > 0;
  return !runs && plan.push === null && plan.image === null;
}

/** The repository's page: the clone address without `.git`; null for ssh. */
export function webUrlOf(cloneUrl: string): string | null {
  return /^https?:/i.test(cloneUrl) ? cloneUrl.replace(/\.git\/?$/, '') : null;
}

function toView(problem: LintProblem): LintProblemView {
  const { severity, code, message, fix, file, line, column } = problem;
  return { severity, code, message, fix, file, line, column };
}
