import type { StepPlan } from '../../src/core/plan.ts';
import { unlessAborted } from '../../src/core/unless-aborted.ts';
import type { StepWork } from '../../src/core/work.ts';
import { startNetworkSandbox } from './network-sandbox.ts';
import type { StepContainer } from './step-container.ts';
import { startWaitingStep, type WaitingStep } from './waiting-step.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** The containers of a workflow's steps from their start, which may be ahead of their turn, to their removal. */
export class StartedSteps {
  readonly #context: WorkflowContext;
  readonly #builtImage: Promise<string | null>;
  /** Of the whole workflow. */
  readonly #signal: AbortSignal;
  readonly #waiting = new Map<string, Promise<WaitingStep | null>>();
  /** What holds the network of a step, by its name, until its container is gone. */
  readonly #sandboxes = new Map<string, Promise<StepContainer | null>>();
  /** Removals that are under way, each with the step that it is of. */
  readonly #removals = new Map<Promise<void>, string>();
  /** Whether the image for steps without one of their own is still on its way. */
  #isImageAwaited: boolean;

  constructor(context: WorkflowContext, builtImage: Promise<string | null>, signal: AbortSignal) {
    this.#context = context;
    this.#builtImage = builtImage;
    this.#signal = signal;
    this.#isImageAwaited = context.work.plan.image !== null;
    const settle = (): void => void (this.#isImageAwaited = false);
    builtImage.then(settle, settle);
  }

  has(name: string): boolean {
    return this.#waiting.has(name);
  }

  /** Names of those that nobody has taken. */
  get names(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** Settle when those that nobody has taken, and whose names are meant, have started. */
  startsOf(isMeant: (name: string) => boolean): readonly Promise<unknown>[] {
    return [...this.#waiting].filter(([name]) => isMeant(name)).map(([, start]) => start);
  }

  /**
   * Starts the step's container, unless that was done ahead, after the promises of `first`. The step's timeout bounds the
   * pull of its image as well.
   */
  start(step: StepPlan, row: StepWork, signal: AbortSignal, first: readonly Promise<unknown>[]): void {
    if (this.has(step.name)) return;
    const until = inTime(step, signal);
    const sandbox = step.image === null ? this.#makeNetwork(step, row) : null;
    const waiting = Promise.all([this.#imageOf(step), Promise.allSettled(first)]).then(async ([found]) =>
      found === null || this.#signal.aborted
        ? null
        : startWaitingStep(this.#context, step, row, found, await sandbox, until),
    );
    this.#keep(step.name, waiting);
  }

  /** A new container for another attempt, in a workspace as the one before has left it, whose address it may need. */
  startAgain(step: StepPlan, attempt: StepWork, signal: AbortSignal): void {
    const until = inTime(step, signal);
    const before = [...this.#removals].filter(([, name]) => name === step.name).map(([removal]) => removal);
    const waiting = Promise.all([this.#imageOf(step), ...before]).then(([found]) =>
      found === null ? null : startWaitingStep(this.#context, step, attempt, found, null, until),
    );
    this.#keep(step.name, waiting);
  }

  /** Waits for a start; null where there is none, or `signal` aborted first. */
  async whenStarted(name: string, signal: AbortSignal): Promise<WaitingStep | null> {
    try {
      return await unlessAborted(this.#starting(name), signal);
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  /** The same, and who takes it has to remove it; what `signal` came before is removed here. */
  async take(name: string, signal: AbortSignal): Promise<WaitingStep | null> {
    const starting = this.#starting(name);
    const waiting = await this.whenStarted(name, signal);
    this.#waiting.delete(name);
    if (waiting === null && signal.aborted) this.remove(name, starting);
    return waiting;
  }

  /** A container that is not needed any more, before anything has run in it; or what holds its network, where it has none. */
  drop(name: string): void {
    const starting = this.#waiting.get(name) ?? null;
    this.#waiting.delete(name);
    if (starting !== null || this.#sandboxes.has(name)) this.remove(name, starting);
  }

  /** Its container, then what holds its network and its address. Not waited for: the next step does not need it. */
  remove(name: string, step: WaitingStep | null | Promise<WaitingStep | null>): void {
    const sandbox = this.#sandboxes.get(name) ?? null;
    this.#sandboxes.delete(name);
    const removal = removeBoth(step, sandbox).finally(() => this.#removals.delete(removal));
    this.#removals.set(removal, name);
  }

  /** Removals that are under way: until its own has settled, a container may have its address. None rejects. */
  get removals(): readonly Promise<void>[] {
    return [...this.#removals.keys()];
  }

  /** Resolves when all that was to be removed is. */
  async removed(): Promise<void> {
    await Promise.all(this.removals);
  }

  #starting(name: string): Promise<WaitingStep | null> {
    return this.#waiting.get(name) ?? Promise.resolve(null);
  }

  #imageOf(step: StepPlan): Promise<string | null> {
    return step.image === null ? this.#builtImage : Promise.resolve(step.image);
  }

  /** A network for a step that waits for its image, made meanwhile; null when there is nothing to wait for, or none came. */
  #makeNetwork({ name }: StepPlan, row: StepWork): Promise<StepContainer | null> | null {
    if (!this.#isImageAwaited) return null;
    const sandbox = startNetworkSandbox(this.#context, row).catch(() => null);
    this.#sandboxes.set(name, sandbox);
    return sandbox;
  }

  #keep(name: string, waiting: Promise<WaitingStep | null>): void {
    waiting.catch(() => undefined);
    this.#waiting.set(name, waiting);
  }
}

function inTime({ timeoutMs }: StepPlan, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

async function removeBoth(
  step: WaitingStep | null | Promise<WaitingStep | null>,
  sandbox: Promise<StepContainer | null> | null,
): Promise<void> {
  const waiting = await Promise.resolve(step).catch(() => null);
  if (waiting !== null && 'container' in waiting) await waiting.container.remove().catch(() => undefined);
  await (await sandbox)?.remove().catch(() => undefined);
}
