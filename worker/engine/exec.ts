import type Dockerode from 'dockerode';
import type { Duplex } from 'node:stream';
import { demultiplex } from './demultiplex.ts';
import type { Frame } from './demultiplex.ts';
import { callEngine, refusalStatus } from './engine-lost.ts';
import { variables } from './variables.ts';

export interface ExecSpec {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the container's. */
  readonly workingDirectory?: string;
  /** Default: the container's. */
  readonly user?: string;
}

/** A process that runs in a container beside its main process. */
export interface ExecStream {
  readonly execId: string;
  /**
   * Its output; ends when every process that holds it has closed it, or when the container ends. Reading slowly
   * slows the process, nothing is dropped. Read once. It throws EngineLost when the connection breaks.
   */
  readonly output: AsyncIterable<Frame>;
  /** Stops reading for good. */
  destroy(): void;
}

export interface ExecEnd {
  readonly running: boolean;
  /** Null while it runs. */
  readonly exitCode: number | null;
}

/** Starts a process in a running container; resolves when its output flows. It has no stdin. */
export async function exec(docker: Dockerode, id: string, spec: ExecSpec): Promise<ExecStream> {
  const made = await callEngine(() =>
    docker.getContainer(id).exec({
      Cmd: [...spec.command],
      AttachStdout: true,
      AttachStderr: true,
      ...(spec.environment === undefined ? {} : { Env: variables(spec.environment) }),
      ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
      ...(spec.user === undefined ? {} : { User: spec.user }),
    }),
  );
  const socket: Duplex = await callEngine(() => made.start({ hijack: true, stdin: false }));
  socket.on('error', () => undefined); // it ends the reading as well, and there it is told
  return {
    execId: made.id,
    output: demultiplex(socket as AsyncIterable<Buffer>),
    destroy: () => void socket.destroy(),
  };
}

/** How a process ended; null when the engine knows no such exec, because its container is gone. */
export async function inspectExec(docker: Dockerode, execId: string): Promise<ExecEnd | null> {
  try {
    const facts = await callEngine(() => docker.getExec(execId).inspect());
    return { running: facts.Running, exitCode: facts.ExitCode };
  } catch (error) {
    if (refusalStatus(error) === 404) return null;
    throw error;
  }
}
