import { setTimeout as sleep } from 'node:timers/promises';

export interface Retries {
  /** Tries in all. */
  readonly attempts: number;
  /** Pause before the second try; doubled for each further one, with up to half of it added at random. */
  readonly firstPauseMs: number;
  readonly mostPauseMs: number;
}

export const RETRIES: Retries = { attempts: 5, firstPauseMs: 200, mostPauseMs: 20_000 };

/** Whether an answer with this status may be better the next time. */
export function mayPass(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Sleeps before try number `attempt` (from 2), at least as long as the registry asked for. */
export async function pauseBefore(
  attempt: number,
  retries: Retries,
  retryAfterMs: number | null,
  signal?: AbortSignal,
): Promise<void> {
  const doubled = retries.firstPauseMs * 2 ** (attempt - 2) * (1 + Math.random() / 2);
  const pauseMs = Math.min(Math.max(doubled, retryAfterMs ?? 0), retries.mostPauseMs);
  await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
}
