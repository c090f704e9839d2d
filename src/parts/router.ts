import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Problem } from '../core/problem.ts';
import { findBinary } from './find-binary.ts';
import { findProcesses, isAlive, signalAll } from './processes.ts';

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
 * Sees to it that the directory's HAProxy runs and is kept running: attaches to one that answers on its socket, else
 * starts one from `current/haproxy.cfg`. Its keeper (`keep-router.sh`) starts it again whenever it ends, and lives as
 * long as it does; kernel locks allow one of each per directory.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function ensureRouter(options: RouterPartOptions): Promise<RouterPart> {
  const { dir } = options;
  const binary = options.binary ?? findBinary(['haproxy']);
  if (binary === null)
    throw new Problem('part_missing', { part: 'haproxy', command: 'apt-get install haproxy' });
  const running = await routerPid(dir);
  if (running === null) await options.prepare();
  const keeper = startKeeper(dir, binary);
  if (running !== null) return { pid: running, started: false };
  const deadline = Date.now() + (options.timeoutMs ?? 10_000);
  for (let waitMs = 5; Date.now() < deadline; waitMs = Math.min(waitMs * 2, 100)) {
    const pid = await routerPid(dir);
    const code = keeper.code();
    if (pid !== null) return { pid, started: code === null };
    // With another keeper it is on its way.
    if (code !== null && code !== KEPT_ALREADY) throw await failed(options, `it ended with ${code}`);
    await sleep(waitMs);
  }
  const problem = await failed(options, 'it does not answer on its socket');
  await stopRouter(dir);
  throw problem;
}

/** Ends the directory's HAProxy and its keeper, and waits until both are gone. Connections are cut. */
export async function stopRouter(dir: string): Promise<void> {
  const ours = (): number[] => [...keepers(dir), ...runningFrom(dir)];
  for (let pids = ours(); pids.length > 0; pids = ours()) await endAll(pids);
}

async function endAll(pids: readonly number[]): Promise<void> {
  signalAll(pids, 'SIGTERM');
  for (const deadline = Date.now() + 5_000; pids.some(isAlive); await sleep(10))
    if (Date.now() > deadline) signalAll(pids.filter(isAlive), 'SIGKILL');
}

/** Process id of what starts the directory's HAProxy again; null when nothing does. */
export const keeperPid = (dir: string): number | null => keepers(dir)[0] ?? null;

const keepers = (dir: string): number[] =>
  findProcesses('cmdline', (text) => text.includes(`\0${KEEPER}\0${dir}\0`));

const runningFrom = (dir: string): number[] =>
  findProcesses('cmdline', (text) => text.includes(`\0${configOf(dir)}\0`));

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

const KEEPER = fileURLToPath(new URL('keep-router.sh', import.meta.url));
/** Its exit code when there is one for the directory. */
const KEPT_ALREADY = 99;
const configOf = (dir: string): string => path.join(dir, 'current', 'haproxy.cfg');

function startKeeper(dir: string, binary: string): { code(): number | string | null } {
  const log = openSync(path.join(dir, 'haproxy.log'), 'a', 0o600);
  const child = spawn('sh', [KEEPER, dir, binary], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  closeSync(log);
  let code: number | string | null = null;
  child.on('error', (error) => (code = error.message));
  child.on('exit', (exit, signal) => (code = exit ?? signal));
  child.unref();
  return { code: () => code };
}

async function failed(options: RouterPartOptions, cause: string): Promise<Problem> {
  const log = path.join(options.dir, 'haproxy.log');
  const last = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join(' | ');
  return new Problem('part_failed', { part: 'haproxy', cause: `${cause}: ${last}`, log });
}
