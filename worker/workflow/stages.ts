import type { LeaseSecrets, StepKind, StepWork, WorkflowWork } from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import { maskedValues } from '../logs/mask-reasons.ts';
import type { Outcome } from '../outcome.ts';
import type { Lease } from '../server/lease.ts';
import { finishAttempt, openAttempts, skipAttempt, type Attempts } from '../steps/attempt.ts';

/**
 * The rows of a workflow that are not containers: clone, image, push. Each has its log, its start and its end; telling
 * the server of them never holds the work up.
 */
export class Stages {
  readonly #work: WorkflowWork;
  readonly #attempts: Attempts;
  readonly #lease: Lease<WorkflowWork>;
  /** Values that no log may show. */
  readonly #masked: readonly string[];
  readonly #ends: Promise<void>[] = [];

  constructor(lease: Lease<WorkflowWork>, secrets: LeaseSecrets) {
    this.#work = lease.work;
    this.#lease = lease;
    this.#masked = maskedValues(secrets);
    this.#attempts = openAttempts(
      (attemptId) => this.openLog(attemptId),
      (body) => lease.report(body),
    );
  }

  openLog(attemptId: string): LogSink {
    return this.#lease.openLog(attemptId, this.#masked);
  }

  find(kind: StepKind): StepWork | null {
    return this.#work.steps.find((step) => step.kind === kind) ?? null;
  }

  /** Runs `act` as the row of that kind; resolves with its outcome while its end is still on its way to the server. */
  async run(kind: StepKind, act: (log: LogSink) => Promise<Outcome>): Promise<Outcome> {
    const step = this.find(kind);
    if (step === null) throw new Error(`workflow ${this.#work.workflowId} has no row for ${kind}`);
    const log = this.start(step);
    const outcome = await act(log);
    this.finish(step, log, outcome);
    return outcome;
  }

  start(step: StepWork): LogSink {
    this.#attempts.report({ type: 'step.started', attemptId: step.attemptId });
    return this.openLog(step.attemptId);
  }

  finish(step: StepWork, log: LogSink, outcome: Outcome): void {
    this.#ends.push(finishAttempt(this.#attempts, step.attemptId, log, outcome));
  }

  /** Ends the row of that kind, where there is one, without having begun it. */
  skip(kind: StepKind, reason: string): void {
    const step = this.find(kind);
    if (step !== null)
      this.#ends.push(
        skipAttempt(this.#attempts, step.attemptId, { status: 'skipped', reason, exitCode: null }),
      );
  }

  /** Resolves when every end is on its way to the server: what the lease reports then comes after it. */
  async told(): Promise<void> {
    await Promise.all(this.#ends);
  }
}
