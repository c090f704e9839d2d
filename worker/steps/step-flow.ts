import { setTimeout as sleep } from 'node:timers/promises';
import type { StepPlan } from '../../src/core/plan.ts';
import { callsForRetry, endAfter } from '../../src/core/retry.ts';
import type { CancelledStep, StepWork } from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, cancelledBy, type Outcome } from '../outcome.ts';
import { attemptRows, finishAttempt, skipAttempt } from './attempt.ts';
import { passGates, type Gates } from './gates.ts';
import { runAttempt, type ShareFiles } from './run-attempt.ts';
import { SplitFiles, type ShareWork } from './split-files.ts';
import { StartedSteps } from './started-steps.ts';
import { missingSecret } from './step-environment.ts';
import { hasFailed, isEndedAlone, turnOf } from './step-order.ts';
import type { Progress } from './step-order.ts';
import { findRow } from './workflow-context.ts';
import type { WorkflowContext } from './workflow-context.ts';

const SUCCESS: Outcome = { status: 'success', reason: null, exitCode: null };

/** Of a workflow's network that containers may have at a time; what is being removed may still have its own. */
const MOST_ADDRESSES = 60;
/** Of these so many are for steps that run or are started ahead. */
const MOST_CONTAINERS = 48;
/** Of either so many are not taken by steps that are only started ahead, so that what runs always goes on. */
const KEPT_FREE = 8;

/** Runs the steps of a plan in their order, each container started while the steps before it run. */
export class StepFlow {
  readonly #context: WorkflowContext;
  readonly #gates: Gates;
  readonly #signal: AbortSignal;
  readonly #progress = new Map<string, Progress>();
  readonly #ends = new Map<string, Outcome>();
  readonly #started: StartedSteps;
  readonly #running = new Map<string, Promise<void>>();
  /** What ends each step alone. */
  readonly #stops = new Map<string, AbortController>();
  /** Names of the steps that somebody has ended alone. */
  readonly #cancelled = new Set<string>();
  /** Whether a step whose turn it is had to wait for room. */
  #isHeldBack = false;
  readonly #splits: SplitFiles;

  constructor(context: WorkflowContext, gates: Gates, signal: AbortSignal) {
    this.#context = context;
    this.#splits = new SplitFiles(context);
    this.#gates = gates;
    this.#signal = signal;
    this.#started = new StartedSteps(context, gates.builtImage, signal);
    const kept = context.work.repeat?.keptSteps ?? [];
    for (const { name } of this.#steps) {
      this.#progress.set(name, kept.includes(name) ? 'success' : 'waiting');
      this.#stops.set(name, new AbortController());
    }
  }

  /** Resolves with the end of all steps together, after the last of them. */
  async run(): Promise<Outcome> {
    for (;;) {
      while (await this.#takeTurns());
      if (this.#running.size === 0 && !this.#isHeldBack) break;
      // Who waits for nothing but an address goes on as soon as one is given back; it may have been just now.
      const ends = [...this.#running.values(), ...(this.#isHeldBack ? this.#started.removals : [])];
      if (ends.length > 0) await Promise.race(ends);
    }
    return this.#verdict();
  }

  /** Ends one step, if it runs; those that depend on it are skipped, and the others go on. */
  cancel({ stepId, reason }: CancelledStep): void {
    const step = this.#steps.find(({ name }) => findRow(this.#context.work, 'step', name)?.stepId === stepId);
    if (step === undefined || !this.#running.has(step.name)) return;
    this.#cancelled.add(step.name);
    this.#stops.get(step.name)?.abort({ status: 'cancelled', reason, exitCode: null } satisfies Outcome);
  }

  /** Resolves when no container of a step is left. Call it after `run`. */
  async settle(): Promise<void> {
    for (const { name } of this.#steps) this.#started.drop(name);
    await this.#started.removed();
  }

  get #steps(): readonly StepPlan[] {
    return this.#context.work.plan.steps;
  }

  /** Gives each waiting step its turn; true when one was skipped, for that may be the turn of another. */
  async #takeTurns(): Promise<boolean> {
    let skipped = false;
    this.#isHeldBack = false;
    for (const step of this.#steps) {
      if (this.#progress.get(step.name) !== 'waiting') continue;
      if (this.#signal.aborted) {
        await this.#skip(step, cancelledBy(this.#signal));
        continue;
      }
      const turn = turnOf(step, this.#steps, this.#progress, this.#cancelled);
      if (turn.kind === 'skip') {
        await this.#skip(step, { status: 'skipped', reason: turn.reason, exitCode: null });
        skipped = true;
      }
      if (turn.kind === 'ahead' && this.#hasRoom(KEPT_FREE)) this.#start(step, this.#startsUnderWay());
      if (turn.kind !== 'run') continue;
      if (this.#started.has(step.name) || this.#hasRoom(0)) {
        this.#start(step, []);
        this.#begin(step);
      } else this.#isHeldBack = true;
    }
    return skipped;
  }

  /** Steps that have a container, or are about to: those that run, and those that are started ahead. */
  #containers(): number {
    const ahead = this.#started.names.filter((name) => this.#progress.get(name) === 'waiting');
    return this.#running.size + ahead.length;
  }

  /** Whether one more step may have a container, with so many left for others; services are on the same network. */
  #hasRoom(kept: number): boolean {
    const services = this.#context.work.plan.services.length;
    const isBelow = (count: number, most: number): boolean =>
      count < Math.max(KEPT_FREE, most - services) - kept;
    const containers = this.#containers();
    return (
      isBelow(containers, MOST_CONTAINERS) &&
      isBelow(containers + this.#started.removals.length, MOST_ADDRESSES)
    );
  }

  /** Containers of steps whose turn it is: one that is started ahead must not slow them down. */
  #startsUnderWay(): readonly Promise<unknown>[] {
    return this.#started.startsOf((name) => this.#progress.get(name) === 'running');
  }

  #start(step: StepPlan, first: readonly Promise<unknown>[]): void {
    this.#started.start(step, this.#row(step), this.#signalOf(step), first);
  }

  #begin(step: StepPlan): void {
    this.#progress.set(step.name, 'running');
    const end = this.#execute(step, this.#signalOf(step)).then((outcome) => {
      // It may have ended before it heard of that.
      if (outcome.status !== 'cancelled') this.#cancelled.delete(step.name);
      this.#progress.set(step.name, outcome.status);
      this.#ends.set(step.name, outcome);
      this.#running.delete(step.name);
      if (step.failure === 'cancel' && hasFailed(step, outcome.status)) this.#cancelRunning(step);
    });
    this.#running.set(step.name, end);
  }

  /** Aborts with the whole, or when the step is ended alone. */
  #signalOf({ name }: StepPlan): AbortSignal {
    const stop = this.#stops.get(name);
    return stop === undefined ? this.#signal : AbortSignal.any([this.#signal, stop.signal]);
  }

  #cancelRunning(cause: StepPlan): void {
    const outcome: Outcome = { status: 'cancelled', reason: `step ${cause.name} failed`, exitCode: null };
    for (const name of this.#running.keys()) this.#stops.get(name)?.abort(outcome);
  }

  async #execute(step: StepPlan, signal: AbortSignal): Promise<Outcome> {
    const row = this.#row(step);
    const obstacle = await passGates(this.#gates, step, signal);
    if (obstacle !== null) {
      await skipAttempt(this.#context.attempts, row.attemptId, obstacle);
      return obstacle;
    }
    const rows = attemptRows(row, step);
    for (let tried = 1; ; tried++) {
      const attempt = rows[tried - 1] ?? row;
      // The container of an attempt before may not have started: then nobody has told yet.
      const share = await this.#shareOf(step, signal);
      if (share?.kind === 'end') {
        this.#started.drop(step.name);
        await skipAttempt(this.#context.attempts, attempt.attemptId, share.outcome);
        return share.outcome;
      }
      const next = rows[tried] ?? null;
      const mayFollow = (end: Outcome): boolean =>
        next !== null && !signal.aborted && this.#isWorthAnother(step, end);
      const { sink, ...end } = await this.#try(step, attempt, share, mayFollow, signal);
      if (next === null || !mayFollow(end.outcome)) {
        const outcome = endAfter(end.outcome, tried);
        await finishAttempt(this.#context.attempts, attempt.attemptId, sink, outcome);
        return outcome;
      }
      const follows = nextAttempt(tried + 1, rows.length, step.retry?.delayMs ?? 0);
      await finishAttempt(this.#context.attempts, attempt.attemptId, sink, end.outcome, follows);
      const cut = await this.#pause(step, signal);
      if (cut !== null) {
        await skipAttempt(this.#context.attempts, next.attemptId, cut);
        return cut;
      }
      this.#started.startAgain(step, next, this.#signalOf(step));
    }
  }

  /** One attempt, up to the end of its commands; its log is still open. */
  async #try(
    step: StepPlan,
    attempt: StepWork,
    share: ShareFiles | null,
    mayFollow: (end: Outcome) => boolean,
    signal: AbortSignal,
  ): Promise<{ readonly sink: LogSink; readonly outcome: Outcome }> {
    const sink = this.#context.attempts.openLog(attempt.attemptId);
    this.#context.attempts.report({ type: 'step.started', attemptId: attempt.attemptId });
    const waiting = await this.#started.take(step.name, signal);
    const isFurther = attempt.attemptId !== this.#row(step).attemptId;
    // Who ends one step does not want to wait for what it has left.
    const keepingSignal = (): AbortSignal => (this.#cancelled.has(step.name) ? signal : this.#signal);
    const hasFailure = (): boolean => this.#spoiling().length > 0;
    const outcome = await runAttempt(this.#context, waiting, {
      ...{ step, attempt, share, isFurther, hasFailure, sink, signal, keepingSignal, mayFollow },
    }).finally(() => this.#started.remove(step.name, waiting));
    return { sink, outcome };
  }

  /** What lacks a secret lacks it the next time, too. */
  #isWorthAnother(step: StepPlan, end: Outcome): boolean {
    const { retry } = step;
    return (
      retry !== undefined && callsForRetry(retry, end) && missingSecret(step, this.#context.secrets) === null
    );
  }

  /** Waits before another attempt; gives the step's end where there is to be none. */
  async #pause(step: StepPlan, signal: AbortSignal): Promise<Outcome | null> {
    await sleep(step.retry?.delayMs ?? 0, undefined, { signal }).catch(() => undefined);
    return signal.aborted ? cancelledBy(signal) : null;
  }

  /** What a share has to do; null where it is none, or its container's own end is yet to be told. */
  async #shareOf(step: StepPlan, signal: AbortSignal): Promise<ShareWork | null> {
    if (step.split === undefined) return null;
    const waiting = await this.#started.whenStarted(step.name, signal);
    if (waiting === null || 'outcome' in waiting) return null;
    return this.#splits.workOf(step, { ...waiting, signal });
  }

  async #skip(step: StepPlan, outcome: Outcome): Promise<void> {
    this.#progress.set(step.name, outcome.status);
    this.#ends.set(step.name, outcome);
    this.#started.drop(step.name);
    const row = findRow(this.#context.work, 'step', step.name);
    if (row !== null) await skipAttempt(this.#context.attempts, row.attemptId, outcome);
  }

  #row(step: StepPlan): StepWork {
    const row = findRow(this.#context.work, 'step', step.name);
    if (row === null)
      throw new Error(`workflow ${this.#context.work.workflowId} has no row for step ${step.name}`);
    return row;
  }

  /** Steps that ended so that the build cannot be green. */
  #spoiling(): readonly StepPlan[] {
    return this.#steps.filter((step) => hasFailed(step, this.#progress.get(step.name)));
  }

  #verdict(): Outcome {
    const spoiling = this.#spoiling();
    const worst = spoiling.find((step) => this.#progress.get(step.name) === 'error') ?? spoiling[0] ?? null;
    if (worst !== null) return this.#endBecauseOf(worst);
    if (this.#signal.aborted) return abortOutcome(this.#signal);
    const ended = this.#steps.find((step) => isEndedAlone(step, this.#cancelled));
    return ended === undefined ? SUCCESS : this.#endBecauseOf(ended);
  }

  #endBecauseOf({ name }: StepPlan): Outcome {
    const end = this.#ends.get(name) ?? SUCCESS;
    return { ...end, reason: `step ${name}: ${end.reason ?? end.status}` };
  }
}

/** What the log of an attempt says of the one that follows. */
function nextAttempt(number: number, most: number, delayMs: number): string {
  const when = delayMs === 0 ? 'now' : `in ${Number((delayMs / 1_000).toFixed(1))} s`;
  return `Attempt ${number} of at most ${most} follows ${when}.`;
}
