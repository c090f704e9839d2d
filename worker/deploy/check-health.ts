import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthPlan } from '../../src/core/plan.ts';
import { TIMES } from '../../config/times.ts';
import { badOutcome, type BadOutcome } from '../outcome.ts';
import type { CandidateAnswer } from './ask-candidate.ts';

export interface HealthCheck {
  readonly plan: HealthPlan;
  /** Resolves when the app takes connections, so that no pause outlasts that; never rejects. */
  readonly listening: Promise<void>;
  /** One check; at most `timeoutMs`. */
  readonly ask: (timeoutMs: number) => Promise<CandidateAnswer>;
  /** Null while the app runs, else how it ended: then waiting longer is of no use. */
  readonly ended: () => Promise<string | null>;
  readonly signal: AbortSignal;
}

export type Health =
  | { readonly healthy: true; readonly checks: number; readonly tookMs: number }
  | { readonly healthy: false; readonly end: BadOutcome };

/**
 * Checks until `passes` answers in a row are 2xx or 3xx: the first at once, then after 50 ms, doubling to 500 ms
 * while it fails, and at once when the app begins to listen. Rejects with the signal's reason when that aborts.
 */
export async function checkHealth({ plan, listening, ask, ended, signal }: HealthCheck): Promise<Health> {
  const startMs = performance.now();
  const leftMs = () => plan.timeoutMs - (performance.now() - startMs);
  let passes = 0;
  let waitMs: number = TIMES.healthFirst;
  let opening: Promise<boolean> | null = listening.then(() => true);
  for (let checks = 1; ; checks++) {
    const answer = await ask(Math.min(CHECK_MS, Math.max(LEAST_CHECK_MS, leftMs())));
    signal.throwIfAborted();
    passes = isPass(answer) ? passes + 1 : 0;
    if (passes >= plan.passes) return { healthy: true, checks, tookMs: performance.now() - startMs };
    const end = passes > 0 ? null : await ended();
    if (end !== null) return { healthy: false, end: badOutcome('app_ended_early', { end }) };
    if (leftMs() <= 0)
      return {
        healthy: false,
        end: badOutcome('health_check_failed', {
          ...plan,
          seconds: plan.timeoutMs / 1000,
          last: answer.what,
        }),
      };
    const pause = sleep(Math.min(waitMs, Math.max(0, leftMs())), false, { signal });
    const opened = await (opening === null || passes > 0 ? pause : Promise.race([pause, opening]));
    if (opened) opening = null;
    waitMs = passes > 0 || opened ? TIMES.healthFirst : Math.min(waitMs * 2, TIMES.healthMost);
  }
}

/** An app that takes longer than this for its health page is not healthy. */
const CHECK_MS = 5_000;
/** The last check has this long even when the time is up, so that what it saw can be told. */
const LEAST_CHECK_MS = 250;

/** Any answer of 2xx or 3xx. */
export function isPass({ status }: CandidateAnswer): boolean {
  return status !== null && status >= 200 && status < 400;
}
