import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Problem } from '../core/problem.ts';
import { containerPid, removeContainer, startContainer } from './container.ts';
import { findBinary } from './find-binary.ts';
import type { PartImage } from './part.ts';
import { findProcesses, isAlive, signalAll } from './processes.ts';

export interface RouterPartOptions {
  /** The router's directory; `prepare` fills it. */
  readonly dir: string;
  /** Writes the files that HAProxy starts from; called only when it is about to start. */
  readonly prepare: () => Promise<void>;
  /** Absolute path. Default: `haproxy` on PATH or where systems put it. */
  readonly binary?: string;
  /** Runs it from this image instead; one that runs already is taken as it is. */
  readonly image?: PartImage | undefined;
  /** How long it may take to answer, ms. Default 10 s, from an image 30 s. */
  readonly timeoutMs?: number;
}

/** HAProxy as it runs. It has a life of its own: it outlives whoever started it. */
export interface RouterPart {
  readonly pid: number;
  /** False: it ran already. */
  readonly started: boolean;
}

/**
 * Sees to it that the directory's HAProxy runs and goes on running: attaches to one that answers on its socket, else
 * starts one from `current/haproxy.cfg`. Whenever it ends, its supervisor (`supervise-router.sh`), or the engine where
 * it is a container, starts it again.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function ensureRouter(options: RouterPartOptions): Promise<RouterPart> {
  const { dir, image } = options;
  const running = await routerPid(dir);
  if (running !== null && (image !== undefined || (await containerPid(dir, NAME)) !== null))
    return { pid: running, started: false };
  return image === undefined ? superviseRouter(options, running) : runImage(options, image);
}

async function runImage(options: RouterPartOptions, image: PartImage): Promise<RouterPart> {
  const { dir } = options;
  await stopRouter(dir);
  await options.prepare();
  const { pid } = await startContainer({
    ...options,
    name: NAME,
    life: 'own',
    image,
    program: 'haproxy',
    args: ['-db', '-f', configOf(dir)],
    network: 'host',
    capabilities: ['NET_BIND_SERVICE'],
    stopSignal: 'SIGKILL',
    isReady: async () => (await answeringPid(dir)) !== null,
  });
  return { pid, started: true };
}

/** @param running Process id of one that is to be supervised from now on, if it is not yet. */
async function superviseRouter(options: RouterPartOptions, running: number | null): Promise<RouterPart> {
  const { dir } = options;
  const binary = options.binary ?? findBinary(['haproxy']);
  if (binary === null)
    throw new Problem('part_missing', { part: 'haproxy', command: 'apt-get install haproxy' });
  if (running === null) {
    await removeContainer(dir, NAME);
    await options.prepare();
  }
  const supervisor = startSupervisor(dir, binary);
  if (running !== null) return { pid: running, started: false };
  const deadline = Date.now() + (options.timeoutMs ?? 10_000);
  for (let waitMs = 5; Date.now() < deadline; waitMs = Math.min(waitMs * 2, 100)) {
    const pid = await routerPid(dir);
    const code = supervisor.code();
    if (pid !== null) return { pid, started: code === null };
    // With another supervisor it is on its way.
    if (code !== null && code !== SUPERVISED_ALREADY) throw await failed(options, `it ended with ${code}`);
    await sleep(waitMs);
  }
  const problem = await failed(options, 'it does not answer on its socket');
  await stopRouter(dir);
  throw problem;
}

/**
 * Ends the directory's HAProxy and what would start it again, and waits until both are gone. Connections are cut.
 * Returns false when there was neither.
 */
export async function stopRouter(dir: string): Promise<boolean> {
  let ran = await removeContainer(dir, NAME);
  const ours = (): number[] => [...supervisors(dir), ...runningFrom(dir)];
  for (let pids = ours(); pids.length > 0; pids = ours()) {
    ran = true;
    await endAll(pids);
  }
  return ran;
}

async function endAll(pids: readonly number[]): Promise<void> {
  signalAll(pids, 'SIGTERM');
  for (const deadline = Date.now() + 5_000; pids.some(isAlive); await sleep(10))
    if (Date.now() > deadline) signalAll(pids.filter(isAlive), 'SIGKILL');
}

/** Process id of what starts the directory's HAProxy again; null when nothing does. */
export const supervisorPid = (dir: string): number | null => supervisors(dir)[0] ?? null;

const supervisors = (dir: string): number[] =>
  findProcesses('cmdline', (text) => text.includes(`/${path.basename(SUPERVISOR)}\0${dir}\0`));

const runningFrom = (dir: string): number[] =>
  findProcesses('cmdline', (text) => text.includes(`\0${configOf(dir)}\0`));

/** Process id of the HAProxy that answers on the directory's socket; null when none does. */
export async function routerPid(dir: string): Promise<number | null> {
  const pid = await answeringPid(dir);
  return pid === null ? null : ((await containerPid(dir, NAME)) ?? pid);
}

/** As HAProxy itself has it: in a container, where ids are others than outside. */
function answeringPid(dir: string): Promise<number | null> {
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

const NAME = 'haproxy';
const SUPERVISOR = fileURLToPath(new URL('supervise-router.sh', import.meta.url));
/** Its exit code when there is one for the directory. */
const SUPERVISED_ALREADY = 99;
const configOf = (dir: string): string => path.join(dir, 'current', 'haproxy.cfg');

function startSupervisor(dir: string, binary: string): { code(): number | string | null } {
  const log = openSync(path.join(dir, 'haproxy.log'), 'a', 0o600);
  const child = spawn('sh', [SUPERVISOR, dir, binary], {
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
