import { setTimeout as sleep } from 'node:timers/promises';
import type { StepPlan } from '../../src/core/plan.ts';
import { callsForRetry, endAfter } from '../../src/core/retry.ts';
import type { CancelledStep, StepWork } from '../../src/core/work.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, type Outcome } from '../outcome.ts';
import { attemptRows, finishAttempt, skipAttempt } from './attempt.ts';
import { startNetworkSandbox } from './network-sandbox.ts';
import { keepArtifact } from './keep-artifacts.ts';
import { keepReports, markReports } from './keep-reports.ts';
import { runCommands } from './run-commands.ts';
import { restoreCaches, saveCaches } from './step-caches.ts';
import { missingSecret, stepEnvironment, variablesOf } from './step-environment.ts';
import { hasFailed, isEndedAlone, turnOf } from './step-order.ts';
import type { Progress } from './step-order.ts';
import { giveFiles, SplitFiles, SPLIT_FILE, whyNoFiles, type ShareWork } from './split-files.ts';
import { startWaitingStep } from './waiting-step.ts';
import type { WaitingStep } from './waiting-step.ts';
import type { StepContainer } from './step-container.ts';
import { findRow } from './workflow-context.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** What steps wait for beside one another. */
export interface Gates {
  /** A success when every service is ready. */
  readonly services: Promise<Outcome>;
  /** A success when the checkout is in the workspace. */
  readonly workspace: Promise<Outcome>;
  readonly builtImage: Promise<string | null>;
}

type Files = Extract<ShareWork, { kind: 'files' }>;

/** An attempt of a step, as it runs. */
interface AttemptRun {
  readonly step: StepPlan;
  readonly attempt: StepWork;
  /** Its test files; null: it is no share, or finds them itself. */
  readonly share: Files | null;
  /** Another one of the step was before it. */
  readonly isFurther: boolean;
  readonly sink: LogSink;
  readonly signal: AbortSignal;
  /** Whether another attempt follows one that ends so. */
  readonly mayFollow: (end: Outcome) => boolean;
}

const SUCCESS: Outcome = { status: 'success', reason: null, exitCode: null };

/** A workflow's network has about 60 addresses, and what is being removed still has its own. */
const MOST_CONTAINERS = 48;
/** Of these so many are not taken by steps that are only started ahead, so that what runs always goes on. */
const KEPT_FREE = 8;

/** Runs the steps of a plan in their order, each container started while the steps before it run. */
export class StepFlow {
  readonly #context: WorkflowContext;
  readonly #gates: Gates;
  readonly #signal: AbortSignal;
  readonly #progress = new Map<string, Progress>();
  readonly #ends = new Map<string, Outcome>();
  readonly #waiting = new Map<string, Promise<WaitingStep | null>>();
  readonly #running = new Map<string, Promise<void>>();
  /** What ends each step alone. */
  readonly #stops = new Map<string, AbortController>();
  /** Names of the steps that somebody has ended alone. */
  readonly #cancelled = new Set<string>();
  readonly #removals: Promise<unknown>[] = [];
  readonly #splits: SplitFiles;
  /** What holds the network of a step, by its name, until its container is gone. */
  readonly #sandboxes = new Map<string, Promise<StepContainer | null>>();
  /** Whether the image for steps without one of their own is still on its way. */
  #isImageAwaited: boolean;

  constructor(context: WorkflowContext, gates: Gates, signal: AbortSignal) {
    this.#context = context;
    this.#splits = new SplitFiles(context);
    this.#gates = gates;
    this.#signal = signal;
    this.#isImageAwaited = context.work.plan.image !== null;
    const settle = (): void => void (this.#isImageAwaited = false);
    gates.builtImage.then(settle, settle);
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
      if (this.#running.size === 0) break;
      await Promise.race(this.#running.values());
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
    for (const { name } of this.#steps) this.#drop(name);
    await Promise.all(this.#removals);
  }

  get #steps(): readonly StepPlan[] {
    return this.#context.work.plan.steps;
  }

  /** Gives each waiting step its turn; true when one was skipped, for that may be the turn of another. */
  async #takeTurns(): Promise<boolean> {
    let skipped = false;
    for (const step of this.#steps) {
      if (this.#progress.get(step.name) !== 'waiting') continue;
      if (this.#signal.aborted) {
        await this.#skip(step, { ...abortOutcome(this.#signal), status: 'cancelled' });
        continue;
      }
      const turn = turnOf(step, this.#steps, this.#progress, this.#cancelled);
      if (turn.kind === 'skip') {
        await this.#skip(step, { status: 'skipped', reason: turn.reason, exitCode: null });
        skipped = true;
      }
      if (turn.kind === 'ahead' && this.#containers() < this.#most - KEPT_FREE)
        this.#start(step, this.#startsUnderWay());
      if (turn.kind === 'run' && (this.#waiting.has(step.name) || this.#containers() < this.#most)) {
        this.#start(step, []);
        this.#begin(step);
      }
    }
    return skipped;
  }

  /** Steps that have a container, or are about to: those that run, and those that are started ahead. */
  #containers(): number {
    const ahead = [...this.#waiting.keys()].filter((name) => this.#progress.get(name) === 'waiting');
    return this.#running.size + ahead.length;
  }

  /** How many steps may have a container at a time; services are on the same network. */
  get #most(): number {
    return Math.max(KEPT_FREE, MOST_CONTAINERS - this.#context.work.plan.services.length);
  }

  /** Containers of steps whose turn it is: one that is started ahead must not slow them down. */
  #startsUnderWay(): readonly Promise<unknown>[] {
    return [...this.#waiting]
      .filter(([name]) => this.#progress.get(name) === 'running')
      .map(([, start]) => start);
  }

  /** Starts the step's container, unless that was done ahead. The step's timeout bounds the pull of its image as well. */
  #start(step: StepPlan, first: readonly Promise<unknown>[]): void {
    if (this.#waiting.has(step.name)) return;
    const row = this.#row(step);
    const inTime = AbortSignal.any([this.#signalOf(step), AbortSignal.timeout(step.timeoutMs)]);
    const image = step.image === null ? this.#gates.builtImage : Promise.resolve(step.image);
    const sandbox = step.image === null ? this.#makeNetwork(step, row) : null;
    const waiting = Promise.all([image, Promise.allSettled(first)]).then(async ([found]) =>
      found === null || this.#signal.aborted
        ? null
        : startWaitingStep(this.#context, step, row, found, await sandbox, inTime),
    );
    waiting.catch(() => undefined);
    this.#waiting.set(step.name, waiting);
  }

  /** A network for a step that waits for its image, made meanwhile; null when there is nothing to wait for, or none came. */
  #makeNetwork({ name }: StepPlan, row: StepWork): Promise<StepContainer | null> | null {
    if (!this.#isImageAwaited) return null;
    const sandbox = startNetworkSandbox(this.#context, row).catch(() => null);
    this.#sandboxes.set(name, sandbox);
    return sandbox;
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
    const obstacle = await this.#passGates(step, signal);
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
        this.#drop(step.name);
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
      this.#startAgain(step, next);
    }
  }

  /** One attempt, up to the end of its commands; its log is still open. */
  async #try(
    step: StepPlan,
    attempt: StepWork,
    share: Files | null,
    mayFollow: (end: Outcome) => boolean,
    signal: AbortSignal,
  ): Promise<{ readonly sink: LogSink; readonly outcome: Outcome }> {
    const sink = this.#context.attempts.openLog(attempt.attemptId);
    this.#context.attempts.report({ type: 'step.started', attemptId: attempt.attemptId });
    const starting = this.#waiting.get(step.name) ?? Promise.resolve(null);
    const waiting = await Promise.race([starting, nullOnAbort(signal)]);
    this.#waiting.delete(step.name);
    if (waiting === null && signal.aborted) this.#remove(step.name, starting);
    const isFurther = attempt.attemptId !== this.#row(step).attemptId;
    const run = { step, attempt, share, isFurther, sink, signal, mayFollow };
    const outcome = await this.#runIn(waiting, run).finally(() => this.#remove(step.name, waiting));
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
    return signal.aborted ? { ...abortOutcome(signal), status: 'cancelled' } : null;
  }

  /** A new container for another attempt, in a workspace as the one before has left it. */
  #startAgain(step: StepPlan, attempt: StepWork): void {
    const inTime = AbortSignal.any([this.#signalOf(step), AbortSignal.timeout(step.timeoutMs)]);
    const image = step.image === null ? this.#gates.builtImage : Promise.resolve(step.image);
    const waiting = image.then((found) =>
      found === null ? null : startWaitingStep(this.#context, step, attempt, found, null, inTime),
    );
    waiting.catch(() => undefined);
    this.#waiting.set(step.name, waiting);
  }

  /** Null when the step may run; else the end it has without having begun. */
  async #passGates(step: StepPlan, signal: AbortSignal): Promise<Outcome | null> {
    const { services, workspace, builtImage } = this.#gates;
    try {
      const all = Promise.all([services, step.image === null ? builtImage : step.image, workspace]);
      const [ready, image, files] = await Promise.race([all, rejectsOnAbort(signal)]);
      if (ready.status !== 'success')
        return { status: 'skipped', reason: ready.reason ?? 'a service is not ready', exitCode: null };
      if (files.status !== 'success') return { ...files, status: 'skipped' };
      if (image === null) return { status: 'skipped', reason: 'the image was not built', exitCode: null };
      return null;
    } catch (error) {
      if (signal.aborted) return { ...abortOutcome(signal), status: 'cancelled' };
      const cause = error instanceof Error ? error.message : String(error);
      return { status: 'error', reason: `the step could not be prepared: ${cause}`, exitCode: null };
    }
  }

  async #runIn(
    waiting: WaitingStep | null,
    { step, attempt, share, isFurther, sink, signal, mayFollow }: AttemptRun,
  ): Promise<Outcome> {
    for (const line of waiting?.pulled ?? []) await sink.say(line);
    if (signal.aborted || waiting === null) return abortOutcome(signal);
    if ('outcome' in waiting) return waiting.outcome;
    const { work, secrets, engine, settings, limits } = this.#context;
    const now = {
      atMs: Date.now(),
      hasFailure: this.#spoiling().length > 0,
      isProgram: step.program !== undefined,
      split: step.split ?? null,
      splitFile: share === null ? null : SPLIT_FILE,
    };
    const variables = stepEnvironment(variablesOf(work, attempt, now), step, secrets);
    if ('missingSecret' in variables)
      return {
        status: 'failure',
        reason: `the secret ${variables.missingSecret} is not set in this project`,
        exitCode: null,
      };
    const { container, shell, workingDirectory } = waiting;
    const keeping = (until: AbortSignal): AbortSignal =>
      AbortSignal.any([until, AbortSignal.timeout(settings.keepingMs)]);
    const cached = { ...waiting, plan: step, sink, signal, inTime: keeping(signal) };
    const obstacle =
      share === null ? whyNoFiles(step) : await giveFiles(this.#context, { ...waiting, signal }, share, sink);
    if (obstacle !== null) return obstacle;
    const restored = await restoreCaches(this.#context, cached, isFurther);
    if (restored.failure !== null) return restored.failure;
    const before = isFurther
      ? await markReports(this.#context, { ...waiting, plan: step, inTime: keeping(signal) })
      : undefined;
    const ended = await runCommands({
      engine,
      ...waiting,
      plan: step,
      environment: variables.environment,
      memoryBytes: limits.memoryBytes,
      sink,
      signal,
      settings,
    });
    // Who ends one step does not want to wait for what it has left.
    const end = this.#cancelled.has(step.name) ? signal : this.#signal;
    const left = {
      ...waiting,
      ...{ plan: step, row: attempt, sink, signal: end, inTime: keeping(end) },
    };
    await keepReports(this.#context, left, before);
    const outcome = await keepArtifact(this.#context, left, ended);
    if (outcome.status === 'success') await saveCaches(this.#context, left, restored.pending);
    if (outcome.status === 'failure' && !container.hasEnded() && !mayFollow(outcome))
      await this.#context.onStepFailed?.(
        {
          name: step.name,
          containerId: container.id,
          shell: shell.command,
          environment: variables.environment,
          workingDirectory,
        },
        signal,
      );
    // Its commands may have failed for want of the network.
    return outcome.status === 'failure' && waiting.sandbox?.hasEnded() === true
      ? { ...outcome, status: 'error', reason: 'the container that held its network is gone' }
      : outcome;
  }

  /** What a share has to do; null where it is none, or its container's own end is yet to be told. */
  async #shareOf(step: StepPlan, signal: AbortSignal): Promise<ShareWork | null> {
    if (step.split === undefined) return null;
    const starting = this.#waiting.get(step.name) ?? Promise.resolve(null);
    const waiting = await Promise.race([starting, nullOnAbort(signal)]);
    if (waiting === null || 'outcome' in waiting) return null;
    return this.#splits.workOf(step, { ...waiting, signal });
  }

  async #skip(step: StepPlan, outcome: Outcome): Promise<void> {
    this.#progress.set(step.name, outcome.status);
    this.#ends.set(step.name, outcome);
    this.#drop(step.name);
    const row = findRow(this.#context.work, 'step', step.name);
    if (row !== null) await skipAttempt(this.#context.attempts, row.attemptId, outcome);
  }

  /** A container that is not needed any more, before anything has run in it; or what holds its network, where it has none. */
  #drop(name: string): void {
    const starting = this.#waiting.get(name) ?? null;
    this.#waiting.delete(name);
    if (starting !== null || this.#sandboxes.has(name)) this.#remove(name, starting);
  }

  /** Its container, then what holds its network and its address. Not waited for: the next step does not need it. */
  #remove(name: string, step: WaitingStep | null | Promise<WaitingStep | null>): void {
    const sandbox = this.#sandboxes.get(name) ?? null;
    this.#sandboxes.delete(name);
    this.#removals.push(removeBoth(step, sandbox));
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

async function removeBoth(
  step: WaitingStep | null | Promise<WaitingStep | null>,
  sandbox: Promise<StepContainer | null> | null,
): Promise<void> {
  const waiting = await Promise.resolve(step).catch(() => null);
  if (waiting !== null && 'container' in waiting) await waiting.container.remove().catch(() => undefined);
  await (await sandbox)?.remove().catch(() => undefined);
}

/** What the log of an attempt says of the one that follows. */
function nextAttempt(number: number, most: number, delayMs: number): string {
  const when = delayMs === 0 ? 'now' : `in ${Number((delayMs / 1_000).toFixed(1))} s`;
  return `Attempt ${number} of at most ${most} follows ${when}.`;
}

function nullOnAbort(signal: AbortSignal): Promise<null> {
  return rejectsOnAbort(signal).catch(() => null);
}

function rejectsOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = (): void => reject(new Error('aborted'));
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}
