import type { Outcome } from '../outcome.ts';

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
  if (end.engineLost) return error('engine connection lost', null);
  if (end.containerEnded && end.overslept)
    return error('container lost: the worker stood still for too long', null);
  if (end.exitCode === 0 && !end.containerEnded) return { status: 'success', reason: null, exitCode: 0 };
  if (end.outOfMemory)
    return failure(
      `out of memory: a process was killed at the limit of ${mebibytes(end.memoryBytes)} MiB`,
      end.exitCode,
    );
  if (end.containerEnded) return failure('the step killed its container', end.exitCode);
  if (end.exitCode === null) return error('container lost', null);
  return failure(exitText(end.exitCode), end.exitCode);
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
  const signal = SIGNALS[exitCode];
  return signal === undefined ? `exit code ${exitCode}` : `exit code ${exitCode} (${signal})`;
}

function error(reason: string, exitCode: number | null): Outcome {
  return { status: 'error', reason, exitCode };
}

function failure(reason: string, exitCode: number | null): Outcome {
  return { status: 'failure', reason, exitCode };
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
