import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { Problem } from '../core/problem.ts';
import { takeObject, type GitObject } from './cat-file.ts';
import { gitEnvironment } from './git-environment.ts';

/** A running `git cat-file --batch`. */
export interface Batch {
  isOpen(): boolean;
  /** Questions are answered in the order asked. @throws Problem `git_failed`; the process is over then. */
  ask(names: readonly string[]): Promise<readonly (GitObject | null)[]>;
  end(why: string): void;
}

export interface BatchOptions {
  /** A larger file comes without its text. */
  readonly maxFileBytes: number;
  /** It ends after this long without a question; default 30 s. */
  readonly idleMs?: number;
}

interface Question {
  readonly count: number;
  readonly objects: (GitObject | null)[];
  readonly resolve: (objects: readonly (GitObject | null)[]) => void;
  readonly reject: (error: Problem) => void;
}

const ANSWER_MS = 30_000;
const IDLE_MS = 30_000;
/** Of what is no file: a commit, a folder. */
const MOST_BYTES = 64 * 1024 * 1024;

export function startBatch(gitDir: string, { maxFileBytes, idleMs = IDLE_MS }: BatchOptions): Batch {
  const child = spawn('git', [`--git-dir=${gitDir}`, 'cat-file', '--batch'], {
    detached: true,
    env: gitEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const waiting: Question[] = [];
  const parts: Buffer[] = [];
  let bytes = 0;
  let neededBytes = 1;
  /** What is still to come of a file that is too large. */
  let unreadBytes = 0;
  let stderr = '';
  let isOpen = true;
  let timer: NodeJS.Timeout | undefined;

  const end = (why: string): void => {
    isOpen = false;
    clearTimeout(timer);
    child.stdin.destroy();
    child.kill('SIGKILL');
    const problem = new Problem('git_failed', { command: 'cat-file', cause: why });
    for (const question of waiting.splice(0)) question.reject(problem);
  };

  /** While nothing is asked, it keeps nothing alive. */
  const rest = (): void => {
    const isIdle = waiting.length === 0;
    keepAlive(child, !isIdle);
    clearTimeout(timer);
    timer = setTimeout(() => end('time-out'), isIdle ? idleMs : ANSWER_MS);
    if (isIdle) timer.unref();
  };

  /** Hands out what is whole of the answers. */
  const take = (): void => {
    const text = Buffer.concat(parts.splice(0));
    let at = 0;
    neededBytes = 1;
    for (let [question] = waiting; question !== undefined; [question] = waiting) {
      const taken = takeObject(text, at);
      const isFile = taken?.type === 'blob';
      if (taken !== null && !isFile && taken.bytes > MOST_BYTES)
        return end(`a ${taken.type === 'tree' ? 'folder' : 'commit'} is larger than ${MOST_BYTES} bytes`);
      const isTooLarge = isFile && taken.bytes > maxFileBytes;
      if (taken === null || (taken.end > text.length && !isTooLarge)) {
        neededBytes = (taken?.end ?? text.length + 1) - at;
        break;
      }
      unreadBytes = Math.max(0, taken.end - text.length);
      at = taken.end - unreadBytes;
      if (question.objects.push(taken.object(!isTooLarge)) < question.count) continue;
      waiting.shift();
      question.resolve(question.objects);
    }
    parts.push(text.subarray(at));
    bytes = text.length - at;
    if (waiting.length === 0) rest();
  };

  child.stdout.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(unreadBytes);
    unreadBytes -= chunk.length - part.length;
    parts.push(part);
    bytes += part.length;
    if (bytes >= neededBytes) take();
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr = (stderr + part).slice(-8_192)));
  child.stdin.on('error', () => undefined); // it ended before it has read the question
  child.on('error', (error) => end(error.message));
  child.on('close', () => end(stderr.trim().split('\n').at(-1) ?? ''));
  rest();
  return {
    isOpen: () => isOpen,
    ask: (names) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly (GitObject | null)[]>();
      waiting.push({ count: names.length, objects: [], resolve, reject });
      rest();
      child.stdin.write(`${names.join('\n')}\n`);
      return promise;
    },
    end,
  };
}

function keepAlive(child: ChildProcess, isAsked: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr] as (ChildProcess | Socket)[])
    if (isAsked) handle.ref();
    else handle.unref();
}
