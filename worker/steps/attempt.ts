import type { ReportBody } from '../../src/core/work.ts';
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

/** Tells the end of an attempt, after the end of its log; the log's last line is the reason. */
export async function finishAttempt(
  attempts: Attempts,
  attemptId: string,
  sink: LogSink,
  outcome: Outcome,
): Promise<void> {
  if (outcome.reason !== null) await sink.say(sentence(outcome.reason));
  const logBytes = await sink.end();
  attempts.report({ type: 'step.finished', attemptId, ...outcome, logBytes });
}

/** An attempt that never began. */
export async function skipAttempt(attempts: Attempts, attemptId: string, outcome: Outcome): Promise<void> {
  await finishAttempt(attempts, attemptId, attempts.openLog(attemptId), outcome);
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
