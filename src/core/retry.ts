import type { RetryPlan, StepPlan } from './plan.ts';
import type { EndStatus } from './status.ts';

/** How an attempt of a step ended. */
export interface AttemptEnd {
  readonly status: EndStatus;
  readonly reason: string | null;
  readonly exitCode: number | null;
}

/** Whether an attempt's end is one after which its step is tried again, where attempts are left. Pure. */
export function callsForRetry({ exitCodes }: RetryPlan, { status, exitCode }: AttemptEnd): boolean {
  if (status !== 'failure' && status !== 'error') return false;
  return exitCodes === null || (exitCode !== null && exitCodes.includes(exitCode));
}

/** The end of a step by that of its last attempt: a reason says how often it was tried. */
export function endAfter<T extends AttemptEnd>(end: T, attempts: number): T {
  if (attempts === 1 || end.reason === null) return end;
  return { ...end, reason: `${end.reason}, tried ${attempts} times` };
}

/** How many attempts a step may have in one attempt of its workflow. */
export function mostAttempts({ retry }: { readonly retry?: StepPlan['retry'] | undefined }): number {
  return 1 + (retry?.count ?? 0);
}
