import { Redis } from 'ioredis';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../../../src/parts/redis.ts';
import { startRegistry } from '../../../src/parts/registry.ts';
import { routerPid } from '../../../src/parts/router.ts';
import type { OwnPostgres } from '../../support/postgres.ts';
import { waitFor } from '../../support/wait.ts';
import type { Random } from '../random.ts';
import { askWhileFull } from './ask-while-full.ts';
import type { Ground } from './ground.ts';

export type Victim = 'server' | 'worker' | 'redis' | 'registry' | 'router' | 'engine' | 'github' | 'database';
export type Fault = 'kill' | 'restart' | 'nap' | 'freeze' | 'power' | 'fill' | 'clock' | 'flush' | 'cut';

export interface VictimFault {
  readonly victim: Victim;
  readonly fault: Fault;
}

/**
 * What happens to whom. `kill`: -9, and started again a moment later. `restart`: told to end, and started again. `nap`:
 * stopped for less than a lease's time. `freeze`: stopped for longer than it. `power`: killed, and what its disk has not
 * synced is gone. `fill`: not a byte is free on its disk for some seconds. `clock`: its wall clock jumps, and some
 * seconds later back. `flush`: `FLUSHALL`. `cut`: what travels to the registry, or to GitHub, breaks off half-way.
 */
export const FAULTS: readonly VictimFault[] = [
  ...(['kill', 'restart', 'nap', 'freeze', 'fill', 'clock', 'power'] as const).map((fault) => ({
    victim: 'server' as const,
    fault,
  })),
  ...(['kill', 'restart', 'nap', 'freeze', 'fill', 'clock'] as const).map((fault) => ({
    victim: 'worker' as const,
    fault,
  })),
  ...(['kill', 'restart', 'nap', 'freeze', 'fill', 'flush'] as const).map((fault) => ({
    victim: 'redis' as const,
    fault,
  })),
  ...(['kill', 'restart', 'nap', 'freeze', 'fill', 'cut'] as const).map((fault) => ({
    victim: 'registry' as const,
    fault,
  })),
  ...(['router', 'engine'] as const).flatMap((victim) =>
    (['kill', 'restart', 'nap', 'freeze'] as const).map((fault) => ({ victim, fault })),
  ),
  { victim: 'github', fault: 'cut' },
];

/** Where the record is in a PostgreSQL: its own, and those of who speaks with it. */
export const POSTGRES_FAULTS: readonly VictimFault[] = [
  ...(['kill', 'restart', 'nap', 'freeze'] as const).map((fault) => ({ victim: 'database' as const, fault })),
  ...FAULTS.filter(({ victim }) => victim === 'server' || victim === 'worker'),
];

/** Whether a fault is the end of every app. */
export const endsApps = ({ victim, fault }: VictimFault): boolean =>
  victim === 'engine' && (fault === 'kill' || fault === 'restart');

/** Longer than a lease; a worker that wakes up then has lost its own. */
const FREEZE_MS = 20_000;
/** Longer than who asks a registry tries again by itself. */
const LONG_MS = 10_000;
const MINUTE_MS = 60_000;

/**
 * Has it happen, and resolves when the victim works again.
 * @returns What was not as it should be meanwhile, in words.
 */
export async function inflict(
  ground: Ground,
  { victim, fault }: VictimFault,
  random: Random,
): Promise<readonly string[]> {
  const awayMs = random.between(0, victim === 'registry' ? LONG_MS : 2_000);
  const napMs = random.between(500, 5_000);
  switch (fault) {
    case 'kill':
      await ended(ground, victim, 'SIGKILL');
      await sleep(awayMs);
      await started(ground, victim);
      return [];
    case 'restart':
      await ended(ground, victim, 'SIGTERM');
      await sleep(awayMs);
      await started(ground, victim);
      return [];
    case 'nap':
    case 'freeze':
      await held(ground, victim, fault === 'freeze' ? FREEZE_MS : napMs);
      return [];
    case 'power':
      await powerCut(ground, awayMs);
      return [];
    case 'fill':
      return filled(ground, victim, napMs);
    case 'clock':
      await moved(ground, victim, { stayMs: napMs, jumpMs: jump(random) });
      return [];
    case 'flush':
      await flush(ground);
      return [];
    case 'cut':
      await (victim === 'github' ? ground.githubWay : ground.registryWay).cut(random.between(500, 3_000));
      return [];
  }
}

async function held(ground: Ground, victim: Victim, ms: number): Promise<void> {
  const pid = victim === 'database' ? null : await pidOf(ground, victim);
  if (pid === null) postgresOf(ground).freeze();
  else process.kill(pid, 'SIGSTOP');
  try {
    await sleep(ms);
  } finally {
    if (pid === null) postgresOf(ground).thaw();
    else process.kill(pid, 'SIGCONT');
  }
}

function postgresOf({ postgres }: Ground): OwnPostgres {
  if (postgres === null) throw new Error('the record of this ground is in no PostgreSQL');
  return postgres;
}

async function ended(ground: Ground, victim: Victim, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const { system } = ground;
  switch (victim) {
    case 'server':
      return endChild(system.server, signal);
    case 'worker':
      return endChild(system.worker, signal);
    case 'redis':
    case 'registry':
    case 'engine': {
      const part = ground[victim];
      process.kill(part.pid, signal);
      return part.stop();
    }
    case 'router': {
      const pid = await pidOf(ground, 'router');
      process.kill(pid, signal);
      // Whoever supervises it starts it again.
      await waitFor('HAProxy has ended', async () => (await haproxyPid(ground)) !== pid);
      return;
    }
    case 'database':
      // In order, and at once.
      return postgresOf(ground).end(signal === 'SIGKILL' ? signal : 'SIGINT');
    case 'github':
      throw new Error('GitHub is never ended');
  }
}

async function started(ground: Ground, victim: Victim): Promise<void> {
  const { system } = ground;
  switch (victim) {
    case 'server':
      return system.startServer();
    case 'worker':
      return system.startWorker();
    case 'redis':
      ground.redis = await startRedis({ dir: path.join(system.dir, 'redis') });
      return;
    case 'registry':
      ground.registry = await startRegistry({ dir: path.join(system.dir, 'registry') });
      return;
    case 'engine':
      return ground.startEngine();
    case 'database':
      return postgresOf(ground).begin();
    case 'router':
      await waitFor('HAProxy is back', () => haproxyPid(ground));
      return;
    case 'github':
      throw new Error('GitHub is never ended');
  }
}

/** The server's machine loses its power: the process and what was not synced are gone at one moment. */
async function powerCut({ system, disks }: Ground, awayMs: number): Promise<void> {
  const disk = disks.get('server');
  if (disk === undefined) throw new Error('there is no disk of server');
  await disk.powerOff();
  await endChild(system.server, 'SIGKILL');
  await sleep(awayMs);
  await disk.powerOn();
  await system.startServer();
}

async function filled(ground: Ground, victim: Victim, ms: number): Promise<readonly string[]> {
  const disk = ground.disks.get(victim);
  if (disk === undefined) throw new Error(`there is no disk of ${victim} to fill`);
  const free = await disk.fill();
  try {
    if (victim === 'server') return await askWhileFull(ground.system, ms);
    await sleep(ms);
    return [];
  } finally {
    await free();
    if (victim === 'redis') await startedAgain(ground);
  }
}

/** A Redis that has to sync every write ends when it cannot; whoever watches over it starts it again. */
async function startedAgain(ground: Ground): Promise<void> {
  if (isRunning(ground.redis.pid)) return;
  await ground.redis.stop();
  await started(ground, 'redis');
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Move {
  readonly stayMs: number;
  readonly jumpMs: number;
}

/** There and back: the one is a jump forwards, the other one backwards. */
async function moved({ clocks }: Ground, victim: Victim, { stayMs, jumpMs }: Move): Promise<void> {
  if (victim !== 'server' && victim !== 'worker') throw new Error(`the clock of ${victim} cannot be moved`);
  await clocks.move(victim, jumpMs);
  await sleep(stayMs);
  await clocks.move(victim, 0);
}

/** From a minute to five hours, forwards or backwards. */
function jump(random: Random): number {
  const minutes = Math.exp(random.next() * Math.log(300));
  return Math.round(minutes * MINUTE_MS) * (random.next() < 0.5 ? -1 : 1);
}

async function pidOf(ground: Ground, victim: Victim): Promise<number> {
  const { system } = ground;
  const pids: Readonly<Record<Victim, () => Promise<number | null>>> = {
    server: async () => system.server?.pid ?? null,
    worker: async () => system.worker?.pid ?? null,
    redis: async () => ground.redis.pid,
    registry: async () => ground.registry.pid,
    router: () => haproxyPid(ground),
    engine: async () => ground.engine.pid,
    github: () => Promise.resolve(null),
    database: () => Promise.resolve(null),
  };
  const pid = await pids[victim]();
  if (pid === null) throw new Error(`${victim} does not run`);
  return pid;
}

const haproxyPid = ({ system }: Ground): Promise<number | null> => routerPid(path.join(system.dir, 'router'));

/** Ends a process of Slipway's; one that is told to end and does not within half a minute is a finding of its own. */
async function endChild(child: ChildProcess | null, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const late = sleep(30_000, 'late', { ref: false });
  if ((await Promise.race([gone, late])) !== 'late') return;
  child.kill('SIGKILL');
  await gone;
  throw new Error(`process ${child.pid ?? 0} did not end when it was told to`);
}

async function flush({ redis }: Ground): Promise<void> {
  const client = new Redis(redis.url);
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}
