import { spawn } from 'node:child_process';
import { Problem } from '../core/problem.ts';
import { endGroup } from '../processes/end-group.ts';
import { gitEnvironment } from './git-environment.ts';

export interface StreamGitOptions {
  readonly gitDir: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly signal: AbortSignal;
}

const STDERR_BYTES = 8_192;
const KILL_AFTER_MS = 2_000;

/**
 * What a git command writes, as it writes it, in a process group of its own that ends when the signal aborts or the
 * reader stops. For repositories of ours: nothing here talks to a network.
 * @throws Problem `git_failed` at its end, also when it was ended.
 */
export async function* streamGit(
  args: readonly string[],
  { gitDir, settings, stdin, signal }: StreamGitOptions,
): AsyncGenerator<Buffer, void> {
  signal.throwIfAborted();
  const child = spawn('git', [`--git-dir=${gitDir}`, ...args], {
    detached: true,
    env: gitEnvironment(settings),
    stdio: 'pipe',
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  closed.catch(() => undefined);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr = (stderr + part).slice(-STDERR_BYTES);
  });
  child.stdin.on('error', () => undefined); // git may end before it has read everything
  child.stdin.end(stdin);
  const end = (): void => endGroup(child, KILL_AFTER_MS);
  signal.addEventListener('abort', end, { once: true });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const exitCode = await closed;
    if (exitCode === 0) return;
    const cause = stderr.trim() || `git ended with ${exitCode ?? 'a signal'}`;
    throw new Problem('git_failed', { command: args[0] ?? '', cause });
  } finally {
    signal.removeEventListener('abort', end);
    if (child.exitCode === null && child.signalCode === null) end();
  }
}
