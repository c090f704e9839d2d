import type { EndStatus } from '../src/core/status.ts';

/** How a piece of work ended; planned outcomes are values, never exceptions. */
export interface Outcome {
  readonly status: EndStatus;
  /** One sentence for a person; null for a plain success. */
  readonly reason: string | null;
  readonly exitCode: number | null;
}

/** How work ended that a signal cut short: the outcome that the signal carries as its reason, else `cancelled`. */
export function abortOutcome(signal: AbortSignal): Outcome {
  const reason: unknown = signal.reason;
  const isOutcome =
    typeof reason === 'object' && reason !== null && 'status' in reason && 'exitCode' in reason;
  return isOutcome ? (reason as Outcome) : { status: 'cancelled', reason: 'cancelled', exitCode: null };
}

/** How work ended that its timeout cut short: the user's, who sets it. */
export function tooLong(timeoutMs: number): Outcome {
  const minutes = timeoutMs / 60_000;
  const limit = minutes >= 1 ? `${Number(minutes.toFixed(1))} min` : `${timeoutMs / 1000} s`;
  return { status: 'failure', reason: `it ran longer than its timeout of ${limit}`, exitCode: null };
}
