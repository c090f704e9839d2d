import type { StepPlan } from '../../src/core/plan.ts';
import { unlessAborted } from '../../src/core/unless-aborted.ts';
import { badOutcome, cancelledBy, type Outcome } from '../outcome.ts';

/** What steps wait for beside one another. */
export interface Gates {
  /** A success when every service is ready. */
  readonly services: Promise<Outcome>;
  /** A success when the checkout is in the workspace. */
  readonly workspace: Promise<Outcome>;
  readonly builtImage: Promise<string | null>;
}

/** Waits for what a step needs. Null when it may run; else the end it has without having begun. */
export async function passGates(
  { services, workspace, builtImage }: Gates,
  step: StepPlan,
  signal: AbortSignal,
): Promise<Outcome | null> {
  try {
    const all = Promise.all([services, step.image === null ? builtImage : step.image, workspace]);
    const [ready, image, files] = await unlessAborted(all, signal);
    if (ready.status !== 'success')
      return { status: 'skipped', reason: ready.reason ?? 'a service is not ready', exitCode: null };
    if (files.status !== 'success') return { status: 'skipped', reason: files.reason, exitCode: null };
    if (image === null) return { status: 'skipped', reason: 'the image was not built', exitCode: null };
    return null;
  } catch (error) {
    if (signal.aborted) return cancelledBy(signal);
    const cause = error instanceof Error ? error.message : String(error);
    return badOutcome('step_not_prepared', { cause });
  }
}
