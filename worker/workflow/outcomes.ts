import { isSuperseded } from '../../src/core/supersession.ts';
import { outcomeOfError, type Outcome, type PlainOutcome } from '../outcome.ts';
import { LeaseLost, stopOf, type Lease, type Stop } from '../server/lease.ts';

export const SUCCESS: PlainOutcome = { status: 'success', reason: null, exitCode: null };

/** The first outcome in the order of the path that is not a success; a failed image explains the skipped steps. */
export function firstBad(outcomes: readonly Outcome[]): Outcome {
  return outcomes.find((outcome) => outcome.status !== 'success' && outcome.status !== 'skipped') ?? SUCCESS;
}

/** What a lease's end makes of the work under it. */
export function outcomeOf(stop: Stop | null): Outcome {
  return stop?.kind === 'cancelled'
    ? { status: 'cancelled', reason: stop.reason, exitCode: null }
    : {
        status: 'error',
        reason: `lease lost: ${stop?.reason ?? 'unknown'}`,
        code: 'lease_lost',
        exitCode: null,
      };
}

/** Whether it may be asked for again in part. Nobody asks for what was superseded, and there is much of it. */
export function mayRunAgain({ status }: Pick<Outcome, 'status'>, stop: Stop | null): boolean {
  return status !== 'success' && !(stop !== null && isSuperseded(stop.reason));
}

/** What ended the run by surprise: the abort's own outcome, else an error of ours. A lost lease has nobody to tell. */
export function unplanned(error: unknown, lease: Lease): Outcome {
  if (error instanceof LeaseLost) throw error;
  if (lease.signal.aborted) return outcomeOf(stopOf(lease.signal));
  return outcomeOfError(error);
}
