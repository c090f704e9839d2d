import { setTimeout as sleep } from 'node:timers/promises';
import type { ServicePlan } from '../../src/core/plan.ts';
import type { StepWork } from '../../src/core/work.ts';
import type { Attachment } from '../engine/attach.ts';
import { EngineLost, refusalText } from '../engine/engine-lost.ts';
import type { ImageFacts } from '../engine/inspect-image.ts';
import type { RunResult } from '../engine/run.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, badOutcome, ENGINE_LOST, type Outcome, type PlainOutcome } from '../outcome.ts';
import { finishAttempt } from './attempt.ts';
import { exitText } from './end-reason.ts';
import { findShell } from './find-shell.ts';
import type { Shell } from './find-shell.ts';
import { readyCheck, untilReady, whyNotReady, type ReadyCheck } from './readiness.ts';
import { stepEnvironment, variablesOf } from './step-environment.ts';
import { stepScript } from './step-script.ts';
import { commonSpec } from './workflow-context.ts';
import type { WorkflowContext } from './workflow-context.ts';

const SUCCESS: PlainOutcome = { status: 'success', reason: null, exitCode: null };
const FIRST_SHELL: Shell = { command: ['sh'], own: true };

/** A container that lives beside the steps, with a DNS name on their network and a log of its own. */
export class Service {
  /** A success when it is ready, else why it will not be. Never rejects. */
  readonly ready: Promise<Outcome>;

  readonly #context: WorkflowContext;
  readonly #plan: ServicePlan;
  readonly #row: StepWork;
  readonly #sink: LogSink;
  readonly #stop = new AbortController();
  /** Resolves with the exit code when the container ended, whoever ended it. */
  #ended: Promise<number | null> | null = null;
  #containerId: string | null = null;
  /** Whether it ended before it was told to. */
  #endedAlone = false;

  constructor(context: WorkflowContext, plan: ServicePlan, row: StepWork, signal: AbortSignal) {
    this.#context = context;
    this.#plan = plan;
    this.#row = row;
    this.#sink = context.attempts.openLog(row.attemptId);
    context.attempts.report({ type: 'step.started', attemptId: row.attemptId });
    const either = AbortSignal.any([signal, this.#stop.signal]);
    this.ready = this.#becomeReady(either).catch((error: unknown) =>
      either.aborted ? abortOutcome(either) : failedStart(error),
    );
  }

  get name(): string {
    return this.#plan.name;
  }

  /** Ends it, and reports its end after the end of its log: the end it had by itself, else a success. */
  async end(): Promise<void> {
    this.#stop.abort(SUCCESS);
    const ready = await this.ready;
    if (this.#containerId !== null)
      await this.#context.engine.killContainer(this.#containerId).catch(() => undefined);
    const exitCode = await this.#ended;
    await finishAttempt(
      this.#context.attempts,
      this.#row.attemptId,
      this.#sink,
      this.#outcome(ready, exitCode),
    );
  }

  #outcome(ready: Outcome, exitCode: number | null): Outcome {
    if (ready.status === 'failure' || ready.status === 'error') return ready;
    if (!this.#endedAlone || exitCode === null || exitCode === 0) return SUCCESS;
    return badOutcome('service_ended', { exit: exitText(exitCode) }, exitCode);
  }

  async #becomeReady(signal: AbortSignal): Promise<Outcome> {
    const { images, work, secrets } = this.#context;
    const now = { atMs: Date.now(), hasFailure: false };
    const variables = stepEnvironment(variablesOf(work, this.#row, now), this.#plan, secrets);
    if ('missingSecret' in variables) return badOutcome('secret_missing', { names: variables.missingSecret });
    const prepared = await images.prepare(this.#plan.image, signal);
    for (const line of prepared.pulled) await this.#sink.say(line);
    if ('end' in prepared) return prepared.end;
    if (signal.aborted) return abortOutcome(signal);
    const shell = await this.#start(prepared.facts, variables.environment);
    const check = readyCheck(this.#plan.ready, prepared.facts, shell, this.#plan.name);
    return check === null ? SUCCESS : this.#waitFor(check, variables.environment, signal);
  }

  async #start(image: ImageFacts, environment: Readonly<Record<string, string>>): Promise<Shell> {
    const { engine } = this.#context;
    let id = await this.#create(image, environment, FIRST_SHELL);
    const shell = await findShell(engine, id, image);
    if (!shell.own && this.#plan.commands.length > 0) {
      await engine.removeContainer(id);
      id = await this.#create(image, environment, shell);
    }
    const attachment = await engine.attach(id);
    await engine.startContainer(id);
    this.#containerId = id;
    this.#ended = this.#follow(attachment, id);
    return shell;
  }

  #create(image: ImageFacts, environment: Readonly<Record<string, string>>, shell: Shell): Promise<string> {
    const { commands, name } = this.#plan;
    return this.#context.engine.createContainer({
      ...commonSpec(this.#context, this.#row, image.id, this.#plan.volumes),
      environment,
      aliases: [name],
      noHealthcheck: true,
      ...(commands.length === 0
        ? {}
        : { entrypoint: [...shell.command, '-e', '-c', stepScript(commands)], command: [] }),
    });
  }

  /** Writes the log until the container ends; returns its exit code, null when nobody can tell it. */
  async #follow(attachment: Attachment, id: string): Promise<number | null> {
    try {
      for await (const frame of attachment.output) await this.#sink.write(frame.stream, frame.bytes);
      this.#endedAlone = !this.#stop.signal.aborted;
      return (await this.#context.engine.inspectContainer(id))?.exitCode ?? null;
    } catch {
      return null; // the engine is away or the lease is lost: those who wait for it learn that elsewhere
    }
  }

  async #waitFor(
    check: ReadyCheck,
    environment: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { timeoutMs } = this.#plan.ready;
    const over = new AbortController();
    const inTime = AbortSignal.any([signal, over.signal]);
    let last: RunResult | null = null;
    const told = (answer: RunResult): void => void (last = answer);
    const late = async (): Promise<Outcome> => {
      await sleep(timeoutMs, undefined, { signal: inTime });
      await this.#sayWhyNotReady(check, last);
      return badOutcome('service_not_ready', { seconds: timeoutMs / 1000 });
    };
    try {
      return await Promise.race([
        untilReady(this.#context.engine, this.#containerId ?? '', check, environment, told, inTime).then(
          (ready) => (ready ? SUCCESS : abortOutcome(inTime)),
        ),
        this.#earlyEnd(),
        late().catch(() => abortOutcome(inTime)),
      ]);
    } finally {
      over.abort();
    }
  }

  async #sayWhyNotReady(check: ReadyCheck, last: RunResult | null): Promise<void> {
    const { why, said } = whyNotReady(check, last);
    await this.#sink.say(why);
    if (said.trim() !== '') await this.#sink.write('stderr', Buffer.from(`${said.trimEnd()}\n`));
  }

  async #earlyEnd(): Promise<Outcome> {
    const exitCode = (await this.#ended) ?? null;
    if (exitCode === null && !(await this.#context.engine.isUp())) return ENGINE_LOST;
    const exit = exitCode === null ? 'its exit code is not known' : exitText(exitCode);
    return badOutcome('service_ended_early', { exit }, exitCode);
  }
}

function failedStart(error: unknown): Outcome {
  return error instanceof EngineLost
    ? ENGINE_LOST
    : badOutcome('service_not_started', { cause: refusalText(error) });
}
