import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../core/problem.ts';
import { findBinary } from './find-binary.ts';

export interface RouterPartOptions {
  /** The router's directory; `prepare` fills it. */
  readonly dir: string;
  /** Writes the files that HAProxy starts from; called only when it is about to start. */
  readonly prepare: () => Promise<void>;
  /** Absolute path. Default: `haproxy` on PATH or where systems put it. */
  readonly binary?: string;
  /** How long it may take to answer, ms. Default 10 s. */
  readonly timeoutMs?: number;
}

/** HAProxy as it runs. It has a life of its own: it outlives whoever started it. */
export interface RouterPart {
  readonly pid: number;
  /** False: it ran already. */
  readonly started: boolean;
}

/**
 * Sees to it that the directory's HAProxy runs: attaches to one that answers on its socket, else starts one from
 * `current/haproxy.cfg`. A kernel lock on `run.lock`, held by HAProxy as long as it lives, allows one per directory.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function ensureRouter(options: RouterPartOptions): Promise<RouterPart> {
  const running = await routerPid(options.dir);
  if (running !== null) return { pid: running, started: false };
  const binary = options.binary ?? findBinary(['haproxy']);
  if (binary === null)
    throw new Problem('part_missing', { part: 'haproxy', command: 'apt-get install haproxy' });
  await options.prepare();
  const deadline = Date.now() + (options.timeoutMs ?? 10_000);
  const exit = start(options.dir, binary);
  for (let waitMs = 5; Date.now() < deadline; waitMs = Math.min(waitMs * 2, 100)) {
    const pid = await routerPid(options.dir);
    if (pid !== null) {
      await writeFile(path.join(options.dir, 'haproxy.pid'), `${pid}\n`, { mode: 0o600 });
      return { pid, started: pid === exit.pid() };
    }
    const code = exit.code();
    // Another one is starting it at this moment.
    if (code !== null && code !== LOCKED) throw await failed(options, `it ended with ${code}`);
    await sleep(waitMs);
  }
  throw await failed(options, 'it does not answer on its socket');
}

/** Ends the directory's HAProxy and waits until it is gone; silent when none runs. Connections are cut. */
export async function stopRouter(dir: string): Promise<void> {
  const pid = await routerPid(dir);
  if (pid === null) return;
  process.kill(pid, 'SIGTERM');
  for (const deadline = Date.now() + 5_000; isAlive(pid); await sleep(10))
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
}

/** Process id of the HAProxy that answers on the directory's socket; null when none does. */
export function routerPid(dir: string): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = net.connect(path.join(dir, 'runtime.sock'));
    let answer = '';
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('connect', () => socket.write('show info\n'));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('utf8')));
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(Number(/^Pid: (\d+)$/m.exec(answer)?.[1] ?? 0) || null));
  });
}

/** Exit code of flock when another process holds the lock. */
const LOCKED = 99;

function start(dir: string, binary: string): { pid(): number | undefined; code(): number | string | null } {
  const log = openSync(path.join(dir, 'haproxy.log'), 'a', 0o600);
  const config = path.join(dir, 'current', 'haproxy.cfg');
  const lock = ['--nonblock', '--no-fork', '--conflict-exit-code', String(LOCKED)];
  const child = spawn('flock', [...lock, path.join(dir, 'run.lock'), binary, '-db', '-f', config], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  closeSync(log);
  let code: number | string | null = null;
  child.on('error', (error) => (code = error.message));
  child.on('exit', (exit, signal) => (code = exit ?? signal));
  child.unref();
  return { pid: () => child.pid, code: () => code };
}

async function failed(options: RouterPartOptions, cause: string): Promise<Problem> {
  const log = path.join(options.dir, 'haproxy.log');
  const last = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join(' | ');
  return new Problem('part_failed', { part: 'haproxy', cause: `${cause}: ${last}`, log });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
