import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { FilesPlace } from '../../../../worker/collect/collect-files.ts';
import type { Frame } from '../../../../worker/engine/demultiplex.ts';

const BUSYBOX = ['/usr/local/bin/busybox', '/usr/bin/busybox', '/bin/busybox'].find((file) =>
  existsSync(file),
);

/** A folder of this machine as if it were a container's: the helper's commands run here, by busybox where it is. */
export function localPlace(
  directory: string,
  signal: AbortSignal = new AbortController().signal,
): FilesPlace & { readonly commands: (readonly string[])[] } {
  const codes = new Map<string, Promise<number | null>>();
  const commands: (readonly string[])[] = [];
  return {
    containerId: 'here',
    directory,
    signal,
    commands,
    engine: {
      exec: async (_, { command, workingDirectory }) => {
        commands.push(command);
        const [program = '', ...words] =
          BUSYBOX === undefined ? command.slice(1) : [BUSYBOX, ...command.slice(1)];
        const child = spawn(program, words, { cwd: workingDirectory, stdio: ['ignore', 'pipe', 'ignore'] });
        const execId = String(commands.length);
        codes.set(execId, new Promise((resolve) => child.once('close', resolve)));
        return {
          execId,
          output: framesOf(child.stdout),
          destroy: () => void child.stdout.destroy(),
        };
      },
      exitCodeOf: (execId) => codes.get(execId) ?? Promise.resolve(null),
    },
  };
}

/** A container in which somebody has stopped the helper's commands: they say nothing and do not end. */
export function silentPlace(signal: AbortSignal): FilesPlace {
  return {
    containerId: 'here',
    directory: '/workspace',
    signal,
    engine: {
      exec: async () => {
        const over = Promise.withResolvers<Buffer>();
        return {
          execId: 'e',
          output: framesOf(
            (async function* () {
              yield await over.promise;
            })(),
          ),
          destroy: () => over.reject(new Error('the stream was closed')),
        };
      },
      exitCodeOf: async () => null,
    },
  };
}

async function* framesOf(output: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  for await (const bytes of output) yield { stream: 'stdout', bytes };
}
