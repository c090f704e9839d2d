import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Problem } from '../core/problem.ts';
import { cleanUp, type CleanUp } from './clean-up.ts';
import type { Part, PartOptions } from './part.ts';
import { isAlive, isProgramOf } from './processes.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/** What a part's process is started with. */
export interface PartJob {
  readonly dir: string;
  readonly log: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Over the environment of whoever starts it. */
  readonly env: Readonly<Record<string, string>>;
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** Between the signal and more force, ms. */
  readonly graceMs: number;
  readonly cleanUp: CleanUp;
}

/** One part to start. */
export interface PartSpec extends PartOptions {
  /** Names its files and messages, e.g. `redis`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly graceMs?: number;
  readonly cleanUp?: CleanUp;
  /** Whether it answers; asked until it does. */
  readonly isReady: () => Promise<boolean>;
}

/**
 * Starts a part and waits until it answers. One that ends or stays silent is ended and cleaned up after.
 * @throws Problem `part_failed` with the end of its log.
 */
export async function spawnPart(spec: PartSpec): Promise<Part> {
  await mkdir(spec.dir, { recursive: true, mode: 0o700 });
  const job: PartJob = {
    dir: spec.dir,
    log: path.join(spec.dir, `${spec.name}.log`),
    command: spec.command,
    args: spec.args,
    env: spec.env ?? {},
    stopSignal: 'SIGTERM',
    graceMs: spec.graceMs ?? 2_000,
    cleanUp: spec.cleanUp ?? {},
  };
  const started = spec.life === 'own' ? startOwn(job, spec.name) : startSupervised(job, spec.name);
  try {
    const pid = await started.pid;
    await waitUntilReady(spec, started.ended);
    started.letGo();
    return { pid, stop: started.stop };
  } catch (error) {
    await started.stop();
    if (error instanceof Problem) throw error;
    const cause = `${(error as Error).message}: ${await lastLines(job.log)}`;
    throw new Problem('part_failed', { part: spec.name, cause, log: job.log });
  }
}

/** Process id of a part of its own life that still runs in `dir`; null when it does not. */
export async function findOwnPart(dir: string, name: string): Promise<number | null> {
  const text = await readFile(pidFile(dir, name), 'utf8').catch(() => '');
  const [pid = 0, program = ''] = text.trim().split(' ', 2);
  return isProgramOf(Number(pid), program) ? Number(pid) : null;
}

/** Ends a part of its own life by its folder; silent when it does not run. */
export async function stopOwnPart(dir: string, name: string, after: CleanUp, graceMs = 2_000): Promise<void> {
  const pid = await findOwnPart(dir, name);
  if (pid !== null) await endProcess(pid, after, graceMs);
  await cleanUp(after, 'ended');
  await rm(pidFile(dir, name), { force: true });
}

interface Started {
  readonly pid: Promise<number>;
  /** How it ended, or null while it runs. */
  readonly ended: () => string | null;
  /** Lets this process end while the part runs. */
  readonly letGo: () => void;
  readonly stop: () => Promise<void>;
}

/** Ends the name of the file beside a part's log that keeps what its supervisor has to remove. */
export const LEFTOVERS = '.leftovers.json';

/** In the form that this file runs in: as TypeScript, or built. */
const SUPERVISOR = fileURLToPath(new URL(`supervise${path.extname(import.meta.filename)}`, import.meta.url));

/** What the supervisor takes as JSON. Every user of the machine can read it, so the environment goes another way. */
export type SupervisorJob = Omit<PartJob, 'env'>;

/** The part under a supervisor that ends it when this process is gone; it passes its own environment on. */
function startSupervised({ env, ...job }: PartJob, name: string): Started {
  const supervised: SupervisorJob = { ...job, cleanUp: noteLeftovers(job, name) };
  const supervisor = spawn(process.execPath, [SUPERVISOR, JSON.stringify(supervised)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    cwd: '/',
    env: { ...process.env, ...env },
  });
  supervisor.stdin.on('error', () => undefined);
  let ended: string | null = null;
  const pid = new Promise<number>((resolve, reject) => {
    createInterface({ input: supervisor.stdout }).on('line', (line) => {
      const [word, value = ''] = line.split(/ (.*)/s);
      if (word === 'pid') resolve(Number(value));
      if (word !== 'exit') return;
      ended = value;
      reject(new Error(value));
    });
    supervisor.on('error', reject);
  });
  const gone = new Promise<void>((resolve) => supervisor.on('close', () => resolve()));
  return {
    pid,
    ended: () => ended,
    letGo: () => hold(supervisor, 'unref'),
    stop: async () => {
      hold(supervisor, 'ref');
      supervisor.stdin.end();
      await gone;
    },
  };
}

/** Writes down what is to be removed, for where the supervisor is killed too; that file is the last of it. */
function noteLeftovers(job: SupervisorJob, name: string): CleanUp {
  const file = path.join(job.dir, `${name}${LEFTOVERS}`);
  const all = { ...job.cleanUp, remove: [...(job.cleanUp.remove ?? []), file] };
  writeFileSync(file, JSON.stringify(all), { mode: 0o600 });
  return all;
}

/** Whether a supervisor keeps its parent alive: not while the part serves, for the parent's end is what it waits for. */
function hold(supervisor: ChildProcess, how: 'ref' | 'unref'): void {
  supervisor[how]();
  for (const stream of [supervisor.stdin, supervisor.stdout]) (stream as Socket | null)?.[how]();
}

function startOwn(job: PartJob, name: string): Started {
  const log = openSync(job.log, 'a', 0o600);
  const child = spawn(job.command, job.args, {
    cwd: job.dir,
    env: { ...process.env, ...job.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let ended: string | null = null;
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code, signal) => (ended = String(code ?? signal)));
  const pid = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('spawn', () => {
      const file = pidFile(job.dir, name);
      writeFile(file, `${child.pid ?? 0} ${path.basename(job.command)}\n`, { mode: 0o600 }).then(
        () => resolve(child.pid ?? 0),
        reject,
      );
    });
  });
  return {
    pid,
    ended: () => ended,
    letGo: () => child.unref(),
    stop: () => stopOwnPart(job.dir, name, job.cleanUp, job.graceMs),
  };
}

const pidFile = (dir: string, name: string): string => path.join(dir, `${name}.pid`);

async function endProcess(pid: number, after: CleanUp, graceMs: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (isAlive(pid) && Date.now() < deadline) await sleep(10);
  if (isAlive(pid)) await cleanUp(after, 'help-to-end');
  while (isAlive(pid) && Date.now() < deadline + graceMs * 5) await sleep(10);
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await sleep(10);
}

async function lastLines(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-3).join(' | ').slice(-1_000);
}
