import type Dockerode from 'dockerode';
import { createInterface } from 'node:readline';
import { limit } from '../../src/registry/limits.ts';
import { callEngine } from './engine-lost.ts';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

export interface EnginePull {
  readonly reference: string;
  readonly login: RegistryLogin | null;
  /** Gets what a person may read, without the progress bars. */
  readonly onLine: (line: string) => void;
  /** The engine says nothing for this long: no byte comes. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Pulls an image and reads the engine's answer to its end: a pull that failed answers 200 and tells it inside. An engine
 * waits for a registry for as long as their connection stands: it is told to stop when nothing comes.
 * @throws Error with the engine's words when the pull failed, or with the limit that was passed; the signal's reason.
 */
export async function pullImage(docker: Dockerode, pull: EnginePull): Promise<void> {
  const idle = limit({ totalMs: null, idleMs: pull.idleMs });
  const signal = pull.signal === undefined ? idle.signal : AbortSignal.any([pull.signal, idle.signal]);
  try {
    await followPull(docker, { ...pull, signal }, idle.moved);
    signal.throwIfAborted();
  } catch (error) {
    pull.signal?.throwIfAborted();
    idle.signal.throwIfAborted();
    throw error;
  } finally {
    idle.end();
  }
}

async function followPull(
  docker: Dockerode,
  { reference, login, onLine, signal }: EnginePull,
  moved: () => void,
): Promise<void> {
  const stream = await callEngine(() =>
    docker.pull(reference, {
      ...(login === null ? {} : { authconfig: login }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    }),
  );
  for await (const line of createInterface({ input: stream })) {
    moved();
    const message = JSON.parse(line) as { error?: string; status?: string; id?: string; progress?: string };
    if (message.error !== undefined) throw new Error(message.error);
    if (message.status !== undefined && message.progress === undefined)
      onLine(message.id === undefined ? message.status : `${message.id}: ${message.status}`);
  }
}
