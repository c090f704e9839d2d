import type { Duplex } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import type { FailedStep } from '../steps/workflow-context.ts';

/** A person's terminal. */
export interface ShellTerminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/**
 * A shell in the container of a failed step, on a terminal, with what its commands had: environment, folder, files. By the
 * engine's own connection, so that no command line and no other program sees the values. Resolves when the person leaves
 * it, or when `signal` aborts.
 */
export async function openShell(
  engine: Pick<Engine, 'docker'>,
  step: FailedStep,
  { input, output }: ShellTerminal,
  signal: AbortSignal,
): Promise<void> {
  const exec = await engine.docker.getContainer(step.containerId).exec({
    Cmd: [...step.shell],
    Env: Object.entries(step.environment).map(([name, value]) => `${name}=${value}`),
    WorkingDir: step.workingDirectory,
    Tty: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream: Duplex = await exec.start({ hijack: true, stdin: true, Tty: true });
  const fit = (): void => void exec.resize({ h: output.rows, w: output.columns }).catch(() => undefined); // it may be over
  const leave = (): void => void stream.destroy();
  signal.addEventListener('abort', leave, { once: true });
  output.on('resize', fit);
  input.setRawMode(true);
  try {
    fit();
    await new Promise<void>((resolve) => {
      stream.on('close', resolve).on('error', () => resolve());
      stream.on('end', leave);
      stream.on('data', (bytes: Buffer) => output.write(bytes));
      input.pipe(stream);
      if (signal.aborted) leave();
    });
  } finally {
    input.unpipe(stream);
    input.pause();
    input.setRawMode(false);
    output.off('resize', fit);
    signal.removeEventListener('abort', leave);
  }
}
