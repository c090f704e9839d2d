import path from 'node:path';
import type { StepPlan } from '../../src/core/plan.ts';
import { EngineLost } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecStream } from '../engine/exec.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, badOutcome, ENGINE_LOST, tooLong, type BadOutcome, type Outcome } from '../outcome.ts';
import { endReason } from './end-reason.ts';
import { HELPER } from './ensure-helper.ts';
import type { Shell } from './find-shell.ts';
import type { StepSettings } from './settings.ts';
import type { StepContainer } from './step-container.ts';
import { SCRIPT_LIMIT_BYTES, stepScript } from './step-script.ts';

export interface RunCommands {
  readonly engine: Pick<Engine, 'exec' | 'inspectExec' | 'exitCodeOf' | 'run' | 'killContainer' | 'isUp'>;
  readonly container: StepContainer;
  readonly shell: Shell;
  /** What runs where the plan has a program instead of commands. */
  readonly program: readonly string[];
  readonly plan: Pick<StepPlan, 'commands' | 'timeoutMs' | 'program'>;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly memoryBytes: number;
  readonly sink: LogSink;
  readonly signal: AbortSignal;
  readonly settings: Pick<StepSettings, 'graceMs' | 'backgroundGraceMs'>;
}

/** How often a running process is asked whether it ended while something else holds its output. */
const POLL_MS = 1_000;
/** How long the engine may take to close the output of a container that was killed. */
const CLOSING_MS = 3_000;

/**
 * Runs a step's commands, or its program, in its waiting container, output into the sink as it comes, until they end, their time is
 * over or the signal aborts; then TERM to everything in the container, the grace, KILL. The sink is not ended.
 */
export async function runCommands(job: RunCommands): Promise<Outcome> {
  const what = job.plan.program === undefined ? shellWords(job) : programWords(job);
  if ('status' in what) return what;
  if (job.plan.program === undefined && !job.shell.own)
    await job.sink.say('The image has no sh: the commands run in the shell of Slipway.');
  const stream = await job.engine
    .exec(job.container.id, {
      command: what.words,
      environment: job.environment,
      // Commands go to their folder themselves, where their log shows it.
      workingDirectory: path.posix.join(job.workingDirectory, job.plan.program?.directory ?? '.'),
    })
    .catch((error: unknown) => outcomeOfFailedStart(job, error));
  return 'status' in stream ? stream : new Run(job, stream).untilEnd();
}

type Words = { readonly words: readonly string[] } | BadOutcome;

function shellWords({ plan, shell }: RunCommands): Words {
  const script = stepScript(plan.commands);
  return Buffer.byteLength(script) > SCRIPT_LIMIT_BYTES
    ? badOutcome('commands_too_long', { limit: SCRIPT_LIMIT_BYTES })
    : { words: [...shell.command, '-e', '-c', script] };
}

function programWords({ program }: RunCommands): Words {
  return program.length === 0 ? badOutcome('program_missing') : { words: program };
}

/** The commands could not be started, because the container or the engine went away while it waited. */
async function outcomeOfFailedStart(job: RunCommands, error: unknown): Promise<Outcome> {
  if (job.signal.aborted) return abortOutcome(job.signal);
  const engineLost = error instanceof EngineLost || (await job.container.isEngineUnwell());
  if (!engineLost && !(await endsSoon(job.container))) throw error;
  return engineLost ? ENGINE_LOST : badOutcome('container_lost', { when: ' before its commands began' });
}

/** One execution of a step's commands. */
class Run {
  readonly #job: RunCommands;
  readonly #stream: ExecStream;
  #intent: Outcome | null = null;
  #broken = false;
  #outputOver = false;
  /** Nothing more is written to the log. */
  #isOver = false;
  /** When the log was given what it has not taken yet; null while it takes everything. */
  #heldUpAt: number | null = null;
  readonly #startedAt = performance.now();

  constructor(job: RunCommands, stream: ExecStream) {
    this.#job = job;
    this.#stream = stream;
  }

  async untilEnd(): Promise<Outcome> {
    const over = new AbortController();
    const output = this.#pump();
    const { plan, signal } = this.#job;
    const ends = [
      output,
      after(plan.timeoutMs, over.signal, () => this.#decide(tooLong(plan.timeoutMs))),
      aborted(signal, over.signal, () => this.#decide(abortOutcome(signal))),
      this.#processEnded(over.signal),
    ];
    try {
      await Promise.race(ends);
    } finally {
      over.abort();
    }
    if (this.#intent !== null) await this.#end(output);
    else if (!this.#outputOver) await this.#endBackground(output);
    this.#isOver = true;
    return this.#reason();
  }

  /** The first intent is the one that counts; none after the output is over. */
  #decide(intent: Outcome): void {
    if (!this.#outputOver) this.#intent ??= intent;
  }

  async #pump(): Promise<void> {
    try {
      for await (const frame of this.#stream.output) {
        if (this.#isOver) return;
        this.#heldUpAt = performance.now();
        await this.#job.sink.write(frame.stream, frame.bytes);
        this.#heldUpAt = null;
      }
    } catch (error) {
      if (!(error instanceof EngineLost)) throw error;
      this.#broken = true;
    } finally {
      this.#outputOver = true;
    }
  }

  /** Resolves when the process itself is over while others hold its output. */
  async #processEnded(signal: AbortSignal): Promise<void> {
    for (;;) {
      await after(POLL_MS, signal);
      const end = await this.#job.engine.inspectExec(this.#stream.execId).catch(() => undefined);
      if (end === null || end?.running === false) return;
    }
  }

  /** Politely, then by force: signals everything but the container's own idling, for what commands left behind has other groups. */
  async #end(output: Promise<void>): Promise<void> {
    const { engine, container, settings } = this.#job;
    const polite = engine
      .exec(container.id, { command: [HELPER, 'kill', '-TERM', '-1'], user: '0' })
      .then((signal) => signal.destroy())
      .catch(() => undefined);
    await within(settings.graceMs, Promise.all([polite, output]));
    if (this.#outputOver) return;
    await engine.killContainer(container.id).catch(() => undefined);
    await within(CLOSING_MS, output);
    this.#stream.destroy();
  }

  /** A grace for what runs on in the background. A log that takes nothing holds it up, within the step's time. */
  async #endBackground(output: Promise<void>): Promise<void> {
    const { settings, sink, plan, signal } = this.#job;
    const hasTime = (): boolean => !signal.aborted && performance.now() - this.#startedAt < plan.timeoutMs;
    do await within(settings.backgroundGraceMs, output);
    while (!this.#outputOver && this.#isHeldUp(settings.backgroundGraceMs) && hasTime());
    if (this.#outputOver) return;
    this.#isOver = true;
    this.#stream.destroy();
    const why = this.#isHeldUp(settings.backgroundGraceMs)
      ? 'The log took nothing more in the time of the step: its last words are missing.'
      : 'Processes in the background still held the output after the commands had ended: they were ended.';
    // Not waited for: the container need not stay for that.
    void sink.say(why).catch(() => undefined);
  }

  /** Whether the log has taken nothing for that long, though there is something to take. */
  #isHeldUp(ms: number): boolean {
    return this.#heldUpAt !== null && performance.now() - this.#heldUpAt >= ms;
  }

  async #reason(): Promise<Outcome> {
    const { container, engine, memoryBytes } = this.#job;
    const facts = { intent: this.#intent, overslept: container.overslept(), memoryBytes };
    if (this.#intent !== null || this.#broken)
      return endReason({
        ...facts,
        engineLost: this.#broken,
        containerEnded: false,
        outOfMemory: false,
        exitCode: null,
      });
    const exitCode = await engine.exitCodeOf(this.#stream.execId).catch(() => null);
    if (exitCode === 0 && !container.hasEnded())
      return endReason({ ...facts, engineLost: false, containerEnded: false, outOfMemory: false, exitCode });
    const kills = await this.#outOfMemoryKills();
    const containerEnded = container.hasEnded() || (kills === null && (await endsSoon(container)));
    return endReason({
      ...facts,
      engineLost: containerEnded
        ? await container.isEngineUnwell()
        : exitCode === null && !(await engine.isUp()),
      containerEnded,
      outOfMemory: container.sawOutOfMemory() || (kills ?? 0) > 0,
      exitCode,
    });
  }

  /** The kernel's own count for this container; null when it cannot be read, mostly because the container is over. */
  async #outOfMemoryKills(): Promise<number | null> {
    const { engine, container } = this.#job;
    if (container.hasEnded()) return null;
    const files = ['/sys/fs/cgroup/memory/memory.oom_control', '/sys/fs/cgroup/memory.events'];
    const command = [HELPER, 'sh', '-c', `cat ${files.join(' ')} 2>/dev/null; true`];
    const said = await engine.run(container.id, { command, user: '0' }).catch(() => null);
    if (said === null || said.exitCode !== 0) return null;
    return Number(/^oom_kill (\d+)$/m.exec(said.output)?.[1] ?? 0);
  }
}

/** A container whose main process was killed is over for the engine a moment later than for its other processes. */
async function endsSoon(container: StepContainer): Promise<boolean> {
  await within(CLOSING_MS, container.ended);
  return container.hasEnded();
}

/** Resolves after `ms`; never when `over` aborted before. */
function after(ms: number, over: AbortSignal, act: () => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    if (over.aborted) return;
    const timer = setTimeout(() => {
      act();
      resolve();
    }, ms);
    over.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

/** Resolves when `signal` aborts; never when `over` aborted before. */
function aborted(signal: AbortSignal, over: AbortSignal, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    const tell = (): void => {
      act();
      resolve();
    };
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true, signal: over });
  });
}

/** Waits for `work`, at most `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work, after(ms, over.signal)]).finally(() => over.abort());
}
