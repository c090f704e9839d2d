import type { StepPlan } from '../../src/core/plan.ts';
import { mostAttempts } from '../../src/core/retry.ts';
import type { ReportBody, StepWork } from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import type { Outcome } from '../outcome.ts';

/** Where the attempts of a workflow's steps and services are told and logged. */
export interface Attempts {
  openLog(attemptId: string): LogSink;
  /** Never rejects and never waits for the server; {@link settle} does. */
  report(body: ReportBody): void;
  /** Resolves when every report so far was taken, or refused because the lease is lost. */
  settle(): Promise<void>;
}

export function openAttempts(
  openLog: (attemptId: string) => LogSink,
  report: (body: ReportBody) => void | Promise<void>,
): Attempts {
  const sent: Promise<void>[] = [];
  return {
    openLog,
    report(body) {
      sent.push(Promise.resolve(report(body)).catch(() => undefined));
    },
    async settle() {
      await Promise.all(sent);
    },
  };
}

/** The rows of the attempts that a step may have, in their order: what the server has made room for, and no more. */
export function attemptRows(row: StepWork, step: Pick<StepPlan, 'retry'>): readonly StepWork[] {
  const { stepId, kind, name, retries = [] } = row;
  return [row, ...retries.map((attempt) => ({ stepId, kind, name, ...attempt }))].slice(
    0,
    mostAttempts(step),
  );
}

/**
 * Tells the end of an attempt, after the end of its log; the log's last line is the reason. With `next`, which the log
 * then ends with, the step goes on with another attempt.
 */
export async function finishAttempt(
  attempts: Attempts,
  attemptId: string,
  sink: LogSink,
  outcome: Outcome,
  next: string | null = null,
): Promise<void> {
  if (outcome.reason !== null) await sink.say(sentence(outcome.reason));
  if (next !== null) await sink.say(next);
  const logBytes = await sink.end();
  const again = next === null ? {} : ({ again: true } as const);
  attempts.report({ type: 'step.finished', attemptId, ...outcome, logBytes, ...again });
}

/** An attempt that never began. */
export async function skipAttempt(attempts: Attempts, attemptId: string, outcome: Outcome): Promise<void> {
  await finishAttempt(attempts, attemptId, attempts.openLog(attemptId), outcome);
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
