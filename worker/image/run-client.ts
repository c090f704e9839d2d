import { spawn } from 'node:child_process';
import { endGroup } from '../../src/processes/end-group.ts';

export interface ClientRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Takes each line of stdout and stderr as it comes; reading waits for it. */
  readonly onLine: (line: string) => Promise<void>;
  readonly signal: AbortSignal;
}

const KILL_AFTER_MS = 500;
/** A line without an end is cut there. */
const LONGEST_LINE = 1024 * 1024;

/**
 * Runs a client in a process group of its own to its end; returns its exit code, null after a signal. An abort
 * ends the whole group, politely first: the engine stops a build whose client is gone.
 */
export async function runClient(run: ClientRun): Promise<number | null> {
  const child = spawn(run.command, run.args, {
    detached: true,
    env: run.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const abort = (): void => endGroup(child, KILL_AFTER_MS);
  run.signal.addEventListener('abort', abort);
  if (run.signal.aborted) abort();
  try {
    const outputs = [child.stdout, child.stderr].map((stream) => forEachLine(stream, run.onLine));
    const [code] = await Promise.all([ended, ...outputs]);
    return code;
  } finally {
    run.signal.removeEventListener('abort', abort);
  }
}

async function forEachLine(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => Promise<void>,
): Promise<void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const part of stream) {
    const lines = (rest + String(part)).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) await onLine(line);
    if (rest.length > LONGEST_LINE) {
      await onLine(rest);
      rest = '';
    }
  }
  if (rest !== '') await onLine(rest);
}
