import type { EndStatus } from '../../src/core/status.ts';
import type { StepPlan } from '../../src/core/plan.ts';

/** What a step is about to do, seen from the steps before it. */
export type Turn =
  | { readonly kind: 'wait' }
  /** Its turn is near: its container may start, its commands may not. */
  | { readonly kind: 'ahead' }
  | { readonly kind: 'run' }
  | { readonly kind: 'skip'; readonly reason: string };

/** How far a step is: it has not begun, runs, or ended. */
export type Progress = 'waiting' | 'running' | EndStatus;

type Ordered = Pick<StepPlan, 'name' | 'dependsOn' | 'failure' | 'runsOn' | 'selected'>;

/** Containers are started this many steps ahead of what runs: two, so that short steps do not wait for one. */
const STEPS_AHEAD = 2;

/** What `step` does now. `cancelled` names the steps that somebody has ended alone. Steps that `when` left out are no obstacle to those that depend on them. */
export function turnOf(
  step: Ordered,
  steps: readonly Ordered[],
  progress: ReadonlyMap<string, Progress>,
  cancelled: ReadonlySet<string> = new Set(),
): Turn {
  if (!step.selected) return { kind: 'skip', reason: '`when` does not match this event' };
  const before = step.dependsOn.map((name) => progress.get(name) ?? 'skipped');
  if (before.includes('waiting') || before.includes('running')) {
    const isNear = waitingBefore(step, steps, progress).size < STEPS_AHEAD;
    return isNear && step.runsOn.includes('success') ? { kind: 'ahead' } : { kind: 'wait' };
  }
  const failed = steps.find((other) => hasFailed(other, progress.get(other.name)));
  const ended = failed === undefined ? endedBefore(step, steps, cancelled) : null;
  if (ended !== null)
    return step.runsOn.includes('failure')
      ? { kind: 'run' }
      : { kind: 'skip', reason: `step ${ended} was cancelled` };
  if (failed === undefined && !step.runsOn.includes('success'))
    return { kind: 'skip', reason: 'it runs only after a failure' };
  if (failed !== undefined && !step.runsOn.includes('failure'))
    return { kind: 'skip', reason: `step ${failed.name} failed` };
  return { kind: 'run' };
}

/** Of all that `step` depends on, also through others, a step that was ended alone and counts; null when there is none. */
function endedBefore(
  step: Ordered,
  steps: readonly Ordered[],
  cancelled: ReadonlySet<string>,
): string | null {
  if (cancelled.size === 0) return null;
  const before = new Set(step.dependsOn);
  for (const name of before) {
    const other = steps.find((candidate) => candidate.name === name);
    if (other !== undefined && isEndedAlone(other, cancelled)) return name;
    // A set goes on with what is added to it on the way.
    for (const next of other?.dependsOn ?? []) before.add(next);
  }
  return null;
}

/** Whether a step was ended alone, and its workflow is not green for that. */
export function isEndedAlone(
  { name, failure }: Pick<StepPlan, 'name' | 'failure'>,
  cancelled: ReadonlySet<string>,
): boolean {
  return cancelled.has(name) && failure !== 'ignore';
}

/** Names of the steps that must still begin before `step` may. */
function waitingBefore(
  step: Ordered,
  steps: readonly Ordered[],
  progress: ReadonlyMap<string, Progress>,
  found = new Set<string>(),
): ReadonlySet<string> {
  for (const name of step.dependsOn) {
    if (progress.get(name) !== 'waiting' || found.has(name)) continue;
    found.add(name);
    const other = steps.find((candidate) => candidate.name === name);
    if (other !== undefined && found.size < STEPS_AHEAD) waitingBefore(other, steps, progress, found);
  }
  return found;
}

/** Whether a step's end spoils the workflow: an ignored failure does not, an error of ours does. */
export function hasFailed(step: Pick<StepPlan, 'failure'>, progress: Progress | undefined): boolean {
  return progress === 'error' || (progress === 'failure' && step.failure !== 'ignore');
}
