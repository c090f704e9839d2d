import type { StepPlan } from '../../src/core/plan.ts';
import { abortOutcome, type Outcome } from '../outcome.ts';

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
    const [ready, image, files] = await Promise.race([all, rejectsOnAbort(signal)]);
    if (ready.status !== 'success')
      return { status: 'skipped', reason: ready.reason ?? 'a service is not ready', exitCode: null };
    if (files.status !== 'success') return { ...files, status: 'skipped' };
    if (image === null) return { status: 'skipped', reason: 'the image was not built', exitCode: null };
    return null;
  } catch (error) {
    if (signal.aborted) return { ...abortOutcome(signal), status: 'cancelled' };
    const cause = error instanceof Error ? error.message : String(error);
    return { status: 'error', reason: `the step could not be prepared: ${cause}`, exitCode: null };
  }
}

export function nullOnAbort(signal: AbortSignal): Promise<null> {
  return rejectsOnAbort(signal).catch(() => null);
}

function rejectsOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = (): void => reject(new Error('aborted'));
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}
