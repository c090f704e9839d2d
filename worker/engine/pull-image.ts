import type Dockerode from 'dockerode';
import { createInterface } from 'node:readline';
import { callEngine } from './engine-lost.ts';

export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * Pulls an image and reads the engine's answer to its end: a pull that failed answers 200 and tells it inside.
 * `onLine` gets what a person may read, without the progress bars.
 * @throws Error with the engine's words when the pull failed.
 */
export async function pullImage(
  docker: Dockerode,
  reference: string,
  login: RegistryLogin | null,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const stream = await callEngine(() =>
    docker.pull(reference, {
      ...(login === null ? {} : { authconfig: login }),
      ...(signal === undefined ? {} : { abortSignal: signal }),
    }),
  );
  for await (const line of createInterface({ input: stream })) {
    const message = JSON.parse(line) as { error?: string; status?: string; id?: string; progress?: string };
    if (message.error !== undefined) throw new Error(message.error);
    if (message.status !== undefined && message.progress === undefined)
      onLine(message.id === undefined ? message.status : `${message.id}: ${message.status}`);
  }
}
