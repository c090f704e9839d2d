import path from 'node:path';
import { badEnd, type BadEnd, type ENDS } from '../src/core/end.ts';
import { Problem } from '../src/core/problem.ts';
import type { EndStatus } from '../src/core/status.ts';
import { EngineLost } from './engine/engine-lost.ts';

/** How a piece of work ended; planned outcomes are values, never exceptions. One that is bad is of the catalogue. */
export type Outcome = PlainOutcome | BadOutcome;

export interface PlainOutcome {
  readonly status: Exclude<EndStatus, BadEnd['status']>;
  /** One sentence for a person; null for a plain success. */
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly code?: null;
}

export interface BadOutcome extends BadEnd {
  readonly exitCode: number | null;
}

/** The end of that code of the catalogue, with the details in its reason. */
export function badOutcome(
  code: keyof typeof ENDS,
  details: Readonly<Record<string, string | number>> = {},
  exitCode: number | null = null,
): BadOutcome {
  return { ...badEnd(code, details), exitCode };
}

/** The end that a problem made: ours, where nobody says otherwise. */
export function outcomeOfProblem(
  { code, message }: Problem,
  { status = 'error', reason = message }: { status?: BadEnd['status']; reason?: string } = {},
): BadOutcome {
  return { status, reason, code, exitCode: null };
}

export const ENGINE_LOST: BadOutcome = badOutcome('engine_lost');

/** The end that what nobody planned made: ours. */
export function outcomeOfError(error: unknown): BadOutcome {
  if (!(error instanceof Error)) return badOutcome('work_broken', { cause: String(error) });
  if (error instanceof Problem) return outcomeOfProblem(error);
  if (error instanceof EngineLost) return { ...ENGINE_LOST, reason: error.message };
  const { code, path: file = '' } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC'
    ? outcomeOfProblem(new Problem('disk_full', { path: path.dirname(file) }))
    : badOutcome('work_broken', { cause: error.message });
}

/** How work ended that a signal cut short: the outcome that the signal carries as its reason, else `cancelled`. */
export function abortOutcome(signal: AbortSignal): Outcome {
  const reason: unknown = signal.reason;
  const isOutcome =
    typeof reason === 'object' && reason !== null && 'status' in reason && 'exitCode' in reason;
  return isOutcome ? (reason as Outcome) : { status: 'cancelled', reason: 'cancelled', exitCode: null };
}

/** The same of work that had not begun: it is cancelled, whatever cut it short. */
export function cancelledBy(signal: AbortSignal): PlainOutcome {
  return { status: 'cancelled', reason: abortOutcome(signal).reason, exitCode: null };
}

/** How work ended that its timeout cut short: the user's, who sets it. */
export function tooLong(timeoutMs: number): Outcome {
  const minutes = timeoutMs / 60_000;
  const limit = minutes >= 1 ? `${Number(minutes.toFixed(1))} min` : `${timeoutMs / 1000} s`;
  return badOutcome('timed_out', { limit });
}
