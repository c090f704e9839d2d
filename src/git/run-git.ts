import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endGroup } from '../processes/end-group.ts';
import { gitEnvironment, personsEnvironment } from './git-environment.ts';

/** How a git command ended. Its end by a signal or a time-out is a value as well: the caller says what it means. */
export interface GitResult {
  /** Null when it was ended from here. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  /** At most the last 8 kB. */
  readonly stderr: string;
  readonly elapsedMs: number;
  /** From when it last said something to its end, or to when it was ended from here. */
  readonly quietMs: number;
  readonly ended: 'by itself' | 'time-out' | 'idle' | 'aborted' | 'too much output' | 'too little input';
}

export interface GitOptions {
  /** The bare repository; none for commands like `ls-remote`. */
  readonly gitDir?: string;
  /** Settings for this one command, e.g. a credential; handed over in the environment, so `ps` does not show them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What is an error of a stream ends git: its input broke off. */
  readonly stdin?: string | AsyncIterable<Uint8Array>;
  readonly timeoutMs: number;
  /**
   * Ends git when it says nothing for this long. For a command that tells its progress; packets of the Git protocol count
   * too, among them those by which a busy host says that it is alive.
   */
  readonly idleMs?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Allows repositories that are folders of this machine; only for paths of our own making. */
  readonly local?: boolean;
  /** For a repository of the person who started this process: git has their own settings. */
  readonly asPerson?: boolean;
  /**
   * Gives way to every other process; for work that nobody waits for. What git starts takes it over, and Linux derives
   * the priority of disk access from it.
   */
  readonly lowPriority?: boolean;
}

const STDERR_BYTES = 8_192;
const KILL_AFTER_MS = 2_000;
/** To a pipe of its own: what is said to people stays as it is. */
const TRACED = { GIT_TRACE_PACKET: '3' };
/** By a program: a priority that is set after the start comes too late for what git has started by then. */
const LOWEST = { program: 'nice', before: ['-n', '19', 'git'] };

/**
 * Runs git with an environment of our own in a process group of its own. An abort or the time-out ends the whole group:
 * killing git alone leaves `git-remote-http` behind.
 */
export function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>();
  const gitDir = options.gitDir === undefined ? [] : [`--git-dir=${options.gitDir}`];
  const { program, before } = options.lowPriority === true ? LOWEST : { program: 'git', before: [] };
  const child = spawn(program, [...before, ...gitDir, ...args], {
    detached: true,
    env: {
      ...(options.asPerson === true ? personsEnvironment() : gitEnvironment(options.settings, options.local)),
      ...(options.idleMs !== undefined && TRACED),
    },
    stdio: ['pipe', 'pipe', 'pipe', ...(options.idleMs === undefined ? [] : ['pipe' as const])],
  });
  const startedAt = performance.now();
  let ended: GitResult['ended'] = 'by itself';
  /** What git says on its way out is no sign of life. */
  let quietUntil: number | null = null;
  const end = (why: GitResult['ended']): void => {
    if (ended !== 'by itself') return;
    ended = why;
    quietUntil = performance.now();
    endGroup(child, KILL_AFTER_MS);
  };
  const timer = setTimeout(() => end('time-out'), options.timeoutMs);
  const quiet = options.idleMs === undefined ? undefined : setTimeout(() => end('idle'), options.idleMs);
  let heardAt = startedAt;
  for (const output of child.stdio.slice(1))
    output?.on('data', () => {
      if (quietUntil === null) heardAt = performance.now();
      quiet?.refresh();
    });
  const abort = (): void => end('aborted');
  options.signal?.addEventListener('abort', abort);
  if (options.signal?.aborted === true) abort();

  const out: Buffer[] = [];
  let outBytes = 0;
  child.stdout.on('data', (part: Buffer) => {
    outBytes += part.length;
    if (outBytes > (options.maxBytes ?? Infinity)) end('too much output');
    else out.push(part);
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr = (stderr + part).slice(-STDERR_BYTES);
  });
  child.stdin.on('error', () => undefined); // git may end before it has read everything
  const { stdin = '' } = options;
  if (typeof stdin === 'string') child.stdin.end(stdin);
  else {
    const input = watched(stdin, () => end('too little input'));
    pipeline(Readable.from(input, { objectMode: false }), child.stdin).catch(() => undefined);
  }
  child.on('error', reject);
  child.on('close', (exitCode) => {
    clearTimeout(timer);
    clearTimeout(quiet);
    options.signal?.removeEventListener('abort', abort);
    resolve({
      exitCode,
      stdout: Buffer.concat(out),
      stderr,
      elapsedMs: performance.now() - startedAt,
      quietMs: (quietUntil ?? performance.now()) - heardAt,
      ended,
    });
  });
  return promise;
}

async function* watched(input: AsyncIterable<Uint8Array>, onError: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    onError();
    throw error;
  }
}
