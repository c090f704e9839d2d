import { Redis } from 'ioredis';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../../../src/parts/redis.ts';
import { startRegistry } from '../../../src/parts/registry.ts';
import { routerPid } from '../../../src/parts/router.ts';
import type { Random } from '../random.ts';
import type { Ground } from './ground.ts';

export type Victim = 'server' | 'worker' | 'redis' | 'registry' | 'router' | 'engine';
export type Fault = 'kill' | 'nap' | 'freeze' | 'flush' | 'cut';

export interface VictimFault {
  readonly victim: Victim;
  readonly fault: Fault;
}

/**
 * What happens to whom. `kill`: -9, and started again a moment later. `nap`: stopped for less than a lease's time.
 * `freeze`: stopped for longer than it. `flush`: `FLUSHALL`. `cut`: what travels to the registry breaks off half-way.
 */
export const FAULTS: readonly VictimFault[] = [
  ...(['server', 'worker'] as const).flatMap((victim) =>
    (['kill', 'nap', 'freeze'] as const).map((fault) => ({ victim, fault })),
  ),
  ...(['kill', 'nap', 'flush'] as const).map((fault) => ({ victim: 'redis' as const, fault })),
  ...(['kill', 'nap', 'cut'] as const).map((fault) => ({ victim: 'registry' as const, fault })),
  ...(['kill', 'nap'] as const).map((fault) => ({ victim: 'router' as const, fault })),
  ...(['kill', 'nap'] as const).map((fault) => ({ victim: 'engine' as const, fault })),
];

/** Longer than a lease; a worker that wakes up then has lost its own. */
const FREEZE_MS = 20_000;

/** Has it happen, and resolves when the victim works again. */
export async function inflict(ground: Ground, { victim, fault }: VictimFault, random: Random): Promise<void> {
  if (fault === 'flush') return flush(ground);
  if (fault === 'cut') return ground.registryWay.cut(random.between(500, 3_000));
  if (fault === 'kill') return killed(ground, victim, random.between(0, 2_000));
  await stopped(await pidOf(ground, victim), fault === 'freeze' ? FREEZE_MS : random.between(500, 5_000));
}

async function stopped(pid: number, ms: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(ms);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

async function killed(ground: Ground, victim: Victim, awayMs: number): Promise<void> {
  const { system } = ground;
  switch (victim) {
    case 'server':
      await kill(system.server);
      await sleep(awayMs);
      return system.startServer();
    case 'worker':
      await kill(system.worker);
      await sleep(awayMs);
      return system.startWorker();
    case 'redis':
      process.kill(ground.redis.pid, 'SIGKILL');
      await ground.redis.stop();
      await sleep(awayMs);
      ground.redis = await startRedis({ dir: path.join(system.dir, 'redis') });
      return;
    case 'registry':
      process.kill(ground.registry.pid, 'SIGKILL');
      await ground.registry.stop();
      await sleep(awayMs);
      ground.registry = await startRegistry({ dir: path.join(system.dir, 'registry') });
      return;
    case 'router':
      // Whoever supervises it starts it again.
      process.kill(await pidOf(ground, 'router'), 'SIGKILL');
      return;
    case 'engine':
      process.kill(ground.engine.pid, 'SIGKILL');
      await ground.engine.stop();
      await sleep(awayMs);
      return ground.startEngine();
  }
}

async function pidOf(ground: Ground, victim: Victim): Promise<number> {
  const { system } = ground;
  const pids: Readonly<Record<Victim, () => Promise<number | null>>> = {
    server: async () => system.server?.pid ?? null,
    worker: async () => system.worker?.pid ?? null,
    redis: async () => ground.redis.pid,
    registry: async () => ground.registry.pid,
    router: () => routerPid(path.join(system.dir, 'router')),
    engine: async () => ground.engine.pid,
  };
  const pid = await pids[victim]();
  if (pid === null) throw new Error(`${victim} does not run`);
  return pid;
}

async function kill(child: ChildProcess | null): Promise<void> {
  const gone = child === null ? null : once(child, 'exit');
  child?.kill('SIGKILL');
  await gone;
}

async function flush({ redis }: Ground): Promise<void> {
  const client = new Redis(redis.url);
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}
