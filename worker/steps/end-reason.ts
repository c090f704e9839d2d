import { badOutcome, ENGINE_LOST, type Outcome } from '../outcome.ts';

/** What is known when the commands of a step are over. */
export interface StepEnd {
  /** What we ourselves had decided before they ended: cancel, deadline, lost lease. */
  readonly intent: Outcome | null;
  /** The connection to the engine broke, or the engine was away or restarted. */
  readonly engineLost: boolean;
  /** The step's container is over although nobody asked for it. */
  readonly containerEnded: boolean;
  /** The worker stood still for longer than the container waits for it. */
  readonly overslept: boolean;
  /** A process in the container was killed for lack of memory. */
  readonly outOfMemory: boolean;
  /** Null when it could not be learnt. */
  readonly exitCode: number | null;
  readonly memoryBytes: number;
}

/**
 * The truth about the end of a step, in this order: our own intent, the engine's or the worker's fault, success,
 * memory, the container's end, the exit code. An exit code of 0 is a success even when a child died for lack of
 * memory: the commands lived with it.
 */
export function endReason(end: StepEnd): Outcome {
  if (end.intent !== null) return end.intent;
  if (end.engineLost) return ENGINE_LOST;
  if (end.containerEnded && end.overslept) return badOutcome('worker_stood_still');
  if (end.exitCode === 0 && !end.containerEnded) return { status: 'success', reason: null, exitCode: 0 };
  if (end.outOfMemory)
    return badOutcome('out_of_memory', { mebibytes: mebibytes(end.memoryBytes) }, end.exitCode);
  if (end.containerEnded) return badOutcome('container_killed', {}, end.exitCode);
  if (end.exitCode === null) return badOutcome('container_lost', { when: '' });
  return badOutcome('exit_code', { exit: exitOf(end.exitCode) }, end.exitCode);
}

const SIGNALS: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  141: 'SIGPIPE',
  143: 'SIGTERM',
};

/** A shell adds 128 to the number of the signal that ended a process. */
export function exitText(exitCode: number): string {
  return `exit code ${exitOf(exitCode)}`;
}

function exitOf(exitCode: number): string {
  const signal = SIGNALS[exitCode];
  return signal === undefined ? `${exitCode}` : `${exitCode} (${signal})`;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
