import type Dockerode from 'dockerode';
import { demultiplex } from './demultiplex.ts';
import type { Frame } from './demultiplex.ts';
import { callEngine } from './engine-lost.ts';

/** The held streams of a container's main process. */
export interface Attachment {
  /**
   * Its output; ends when the container ends. Reading slowly slows the container, nothing is dropped. Read once.
   * It throws EngineLost when the connection breaks.
   */
  readonly output: AsyncIterable<Frame>;
  /** To its stdin. Silent when the connection is over. */
  write(bytes: string): void;
  /** Ends stdin: a container made with `holdStdin` reads its end. */
  close(): void;
}

/** Attaches to a container, running or about to be started. */
export async function attach(docker: Dockerode, id: string): Promise<Attachment> {
  const socket = await callEngine(() =>
    docker.getContainer(id).attach({ hijack: true, stream: true, stdin: true, stdout: true, stderr: true }),
  );
  socket.on('error', () => undefined); // it ends the reading as well, and there it is told
  return {
    output: demultiplex(socket as AsyncIterable<Buffer>),
    write: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    close: () => {
      if (socket.writable) socket.end();
    },
  };
}
