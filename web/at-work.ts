import { workflowLabel } from '../src/core/matrix-label.ts';
import { isEnd } from '../src/core/status.ts';
import type { BuildView } from '../src/core/views/build-view.ts';
import type { DeploymentView } from '../src/core/views/deployment-view.ts';
import type { StepAttemptView, StepView } from '../src/core/views/workflow-view.ts';

type Steps = readonly StepView[];

/** The step whose log a reader wants: what failed, else what of the user's runs, else what runs, else what ran last. */
export function stepToShow(steps: Steps): StepView | null {
  const begun = steps.filter((step) => step.attempts.some(({ startedAtMs }) => startedAtMs !== null));
  const running = begun.filter(({ status, kind }) => status === 'running' && kind !== 'service');
  return (
    begun.find(hasFailed) ??
    running.findLast(({ kind }) => kind === 'step') ??
    running.at(-1) ??
    begun.findLast(({ kind }) => kind === 'step') ??
    begun.at(-1) ??
    null
  );
}

/** The first step that failed, but for those whose failure counts for nothing, with its last attempt; null when none has begun and failed. */
export function failedStep({
  workflows,
}: Pick<BuildView, 'workflows'>): { step: StepView; name: string; attempt: StepAttemptView } | null {
  const several = workflows.length > 1;
  const [found] = workflows.flatMap((workflow) =>
    workflow.steps
      .filter(hasFailed)
      .map((step) => ({ step, name: several ? `${workflowLabel(workflow)}: ${step.name}` : step.name })),
  );
  const attempt = found?.step.attempts.at(-1);
  return found === undefined || attempt === undefined || attempt.startedAtMs === null
    ? null
    : { ...found, attempt };
}

function hasFailed({ status, ignored }: StepView): boolean {
  return (status === 'failure' || status === 'error') && ignored !== true;
}

/** Whether a push has nothing left to do before the tests are green: its image is in the registry. */
export function waitsForTests(step: StepView, steps: Steps, { pushed }: Pick<BuildView, 'pushed'>): boolean {
  if (step.kind !== 'push' || step.status !== 'running' || pushed === null) return false;
  return steps.some(({ kind, status }) => kind === 'step' && !isEnd(status));
}

/** What a deployment of a build does now, in words; its status where it is not at work. */
export function deploymentWords(
  { status, phase, cause }: Pick<DeploymentView, 'status' | 'phase' | 'cause'>,
  build: Pick<BuildView, 'status'>,
): string {
  if (status !== 'running') return status;
  const isHeld = cause === 'build' && !isEnd(build.status) && (phase === 'waiting' || phase === 'pulling');
  return isHeld ? `${phase}, held until the build is green` : phase;
}
