import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedis, type RedisPart } from '../../../src/parts/redis.ts';
import { Child, type ChildEvent } from './child.ts';
import { Recorder } from './recorder.ts';
import type { Random } from '../random.ts';
import type { Kind } from './work.ts';

export const VICTIMS = ['server', 'worker', 'redis'] as const;
export type Victim = (typeof VICTIMS)[number];
export type Fault = 'kill' | 'freeze' | 'flush';

export interface StackOptions {
  readonly leaseMs: number;
  /** False takes the fence out of the server. */
  readonly fence: boolean;
  readonly random: Random;
}

const TOKENS = ['slipway_worker_experiment-zero', 'slipway_worker_experiment-one'];

/** One server, two workers and a Redis, all processes of their own, and the recorder. */
export class Stack {
  readonly folder: string;
  readonly recorder: Recorder;
  readonly workers: readonly Child[];
  /** Longer than a lease. */
  readonly freezeMs: number;
  readonly #server: Child;
  readonly #url: string;
  #redis: RedisPart;

  static async start(options: StackOptions): Promise<Stack> {
    const folder = await mkdtemp(path.join(tmpdir(), 'slipway-lease-'));
    const [recorder, redis, port] = await Promise.all([
      Recorder.start(options.random),
      startRedis({ dir: path.join(folder, 'redis') }),
      freePort(),
    ]);
    const stack = new Stack(options, folder, recorder, redis, port);
    await stack.#server.start();
    await Promise.all(stack.workers.map((worker) => worker.start()));
    return stack;
  }

  private constructor(
    options: StackOptions,
    folder: string,
    recorder: Recorder,
    redis: RedisPart,
    port: number,
  ) {
    this.folder = folder;
    this.recorder = recorder;
    this.freezeMs = (options.leaseMs * 4) / 3;
    this.#redis = redis;
    this.#url = `http://127.0.0.1:${port}`;
    const env = { SLIPWAY_TEST_LEASE_MS: String(options.leaseMs) };
    const program = (name: string) => path.join(import.meta.dirname, `${name}.ts`);
    const fence = options.fence ? 'on' : 'off';
    this.#server = new Child(
      [program('server'), folder, String(port), redis.url, TOKENS.join(','), fence],
      env,
      path.join(folder, 'server.err'),
    );
    this.workers = TOKENS.map((token, n) => {
      const spool = path.join(folder, `spool-${n}`);
      const args = [program('worker'), this.#url, token, `w${n}`, redis.socket, spool, recorder.url];
      return new Child(args, env, path.join(folder, `w${n}.err`));
    });
  }

  get database(): string {
    return path.join(this.folder, 'slipway.db');
  }

  /** What the workers said, in no order between them. */
  get events(): readonly ChildEvent[] {
    return this.workers.flatMap((worker) => worker.events);
  }

  async newBuild(kind: Kind): Promise<string> {
    const answer = await fetch(`${this.#url}/builds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind }),
    });
    return ((await answer.json()) as { buildId: string }).buildId;
  }

  async readLog(logId: string): Promise<{ readonly sealed: boolean; readonly text: string }> {
    const answer = await fetch(`${this.#url}/logs/${logId}`);
    return (await answer.json()) as { sealed: boolean; text: string };
  }

  /** Does the fault and undoes it: what was killed is started again after `restMs`, what was frozen goes on. */
  async inflict(victim: Victim, fault: Fault, { worker = 0, restMs = 0 } = {}): Promise<void> {
    if (fault === 'flush') return this.#flush();
    if (fault === 'freeze') {
      this.#signal(victim, worker, 'SIGSTOP');
      await setTimeout(this.freezeMs);
      this.#signal(victim, worker, 'SIGCONT');
      return;
    }
    if (victim === 'redis') {
      this.#signal('redis', 0, 'SIGKILL');
      await setTimeout(restMs);
      await this.#redis.stop();
      this.#redis = await startRedis({ dir: path.join(this.folder, 'redis') });
      return;
    }
    const child = this.#childOf(victim, worker);
    await child.kill();
    await setTimeout(restMs);
    await child.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers, this.#server].map((child) => child.kill()));
    await Promise.all([this.#redis.stop(), this.recorder.stop()]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #signal(victim: Victim, worker: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (victim === 'redis') process.kill(this.#redis.pid, signal);
    else this.#childOf(victim, worker).signal(signal);
  }

  #childOf(victim: 'server' | 'worker', worker: number): Child {
    const child = victim === 'server' ? this.#server : this.workers[worker];
    if (child === undefined) throw new Error(`there is no worker ${worker}`);
    return child;
  }

  async #flush(): Promise<void> {
    const client = new Redis({ path: this.#redis.socket, maxRetriesPerRequest: 3 });
    await client.flushall();
    client.disconnect();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
