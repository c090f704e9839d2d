import type { Logger } from 'pino';
import {
  attemptIdsOf,
  type ReportBody,
  type StepKind,
  type Work,
  type WorkflowWork,
} from '../src/core/work.ts';

/** What every log line of a lease names; `deliveryId` is null where a person began the work. */
export interface LeaseFields {
  readonly deliveryId: string | null;
  readonly buildId: string | null;
  readonly lease: string;
  readonly workflow?: string;
  readonly deployment?: string;
}

export function leaseFields({ id, work }: { readonly id: string; readonly work: Work }): LeaseFields {
  if (work.kind === 'deployment')
    return {
      deliveryId: work.build?.deliveryId ?? null,
      buildId: work.build?.id ?? null,
      lease: id,
      deployment: work.deploymentId,
    };
  const { build, workflowId } = work;
  return { deliveryId: build.deliveryId ?? null, buildId: build.id, lease: id, workflow: workflowId };
}

/** Where the attempts of a lease's steps are logged: one line when one begins, one when it ends. */
export interface StepLog {
  told(report: ReportBody): void;
}

interface Attempt {
  readonly step: string;
  readonly kind: StepKind;
  readonly attempt: number;
}

/**
 * Follows the reports of a lease. An attempt that ends without having begun, such as a skipped one, is of interest to
 * nobody who looks for what went wrong, and logged at `debug`.
 * @param log Names the lease in every line.
 * @param nowMs A clock that nobody sets.
 */
export function openStepLog(log: Logger, work: Work, nowMs: () => number): StepLog {
  const attempts = work.kind === 'workflow' ? attemptsOf(work) : new Map<string, Attempt>();
  const begun = new Map<string, number>();
  return {
    told(report) {
      if (report.type !== 'step.started' && report.type !== 'step.finished') return;
      const about = attempts.get(report.attemptId);
      if (report.type === 'step.started') {
        begun.set(report.attemptId, nowMs());
        log.info({ ...about }, 'the step begins');
        return;
      }
      const { status, exitCode } = report;
      const since = begun.get(report.attemptId);
      if (since === undefined) log.debug({ ...about, status, exitCode }, 'the step did not begin');
      else log.info({ ...about, status, exitCode, ms: Math.round(nowMs() - since) }, 'the step ended');
    },
  };
}

function attemptsOf({ steps }: WorkflowWork): Map<string, Attempt> {
  return new Map(
    steps.flatMap((row) =>
      attemptIdsOf(row).map((id, index): [string, Attempt] => [
        id,
        { step: row.name, kind: row.kind, attempt: index + 1 },
      ]),
    ),
  );
}
