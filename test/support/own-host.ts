import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NODE_FLAGS } from '../../config/node-flags.ts';
import { answers } from '../../src/parts/engine.ts';
import { findBinary } from '../../src/parts/find-binary.ts';
import { connectRedis } from '../../src/queue/bullmq-queue.ts';
import { busyboxImage } from './images.ts';
import { nodeEnvironment } from './node-environment.ts';
import type { System } from './system.ts';
import { waitFor } from './wait.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface OwnHostOptions {
  /** Of its worker, at most 5 characters. */
  readonly name: string;
  /** Free folder; what is in it is left for the caller to remove. */
  readonly dir: string;
  /** Two addresses that nothing else uses: of the server's end of the link, and of the host's. */
  readonly link: { readonly server: string; readonly host: string };
  readonly system: System;
}

/** Whether hosts can be made here: that needs root, an engine's program, and iproute2 and util-linux. */
export function canMakeHosts(): boolean {
  return (
    process.getuid?.() === 0 && ['dockerd', 'ip', 'nsenter'].every((name) => findBinary([name]) !== null)
  );
}

/**
 * Another machine, as far as one can be had here: a network namespace with an engine of its own and a worker of its own,
 * joined to the server by one cable. The worker has a token and addresses of server and Redis, nothing else.
 */
export class OwnHost {
  readonly name: string;
  readonly dockerHost: string;
  readonly #options: OwnHostOptions;
  readonly #namespace: string;
  #engine: ChildProcess | null = null;
  worker: ChildProcess | null = null;
  #doors: net.Server[] = [];
  #token = '';

  constructor(options: OwnHostOptions) {
    this.#options = options;
    this.name = options.name;
    // Of this run only; an interface's name has at most 15 characters.
    this.#namespace = `slw${randomBytes(2).toString('hex')}${options.name}`;
    this.dockerHost = `unix://${path.join(options.dir, 'docker.sock')}`;
  }

  async start(labels: Readonly<Record<string, string>>): Promise<void> {
    const { dir, system } = this.#options;
    await mkdir(dir, { recursive: true });
    await this.#lay();
    await this.#startEngine();
    await busyboxImage(this.dockerHost);
    const made = await system.api<{ token: string }>('POST', '/workers/tokens', { name: this.name, labels });
    this.#token = made.token;
    await this.startWorker();
  }

  /** Starts the worker's process and waits until it takes work. */
  async startWorker(): Promise<void> {
    const { dir, link, system } = this.#options;
    const [server, redis] = this.#doors.map((door) => (door.address() as net.AddressInfo).port);
    const before = await this.log();
    this.worker = this.#inside(
      [process.execPath, ...NODE_FLAGS, path.join(ROOT, 'worker/main.ts')],
      'worker.log',
      {
        HOME: dir,
        SLIPWAY_DATA: path.join(dir, 'worker'),
        SLIPWAY_SERVER_URL: `http://${link.server}:${server}`,
        SLIPWAY_WORKER_TOKEN: this.#token,
        SLIPWAY_WORKER_NAME: this.name,
        SLIPWAY_WORKER_CAPACITY: '2',
        SLIPWAY_REGISTRY: system.registry.host,
        SLIPWAY_REGISTRY_INSECURE: '1',
        REDIS_URL: `redis://${link.server}:${redis}`,
        DOCKER_HOST: this.dockerHost,
      },
    );
    await waitFor(
      `${this.name} is ready`,
      async () => (await this.log()).slice(before.length).includes('the worker is ready'),
      40_000,
    );
  }

  /** Pulls the cable out, or puts it back. */
  async setLink(state: 'up' | 'down'): Promise<void> {
    await run('ip', ['link', 'set', `${this.#namespace}-s`, state]);
    if (state === 'up') await run('ip', ['-n', this.#namespace, 'link', 'set', `${this.#namespace}-h`, 'up']);
  }

  /** Ends the worker's process and waits for that. */
  async endWorker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await end(this.worker, signal);
    this.worker = null;
  }

  /** Ids of its engine's containers, those that have ended too. */
  async containers(): Promise<readonly string[]> {
    const { stdout } = await run('docker', ['-H', this.dockerHost, 'ps', '-aq']);
    return stdout.split('\n').filter(Boolean);
  }

  log(): Promise<string> {
    return readFile(path.join(this.#options.dir, 'worker.log'), 'utf8').catch(() => '');
  }

  /** Ends all of it: worker, engine, cable, namespace. Harmless where only a part of it began. */
  async stop(): Promise<void> {
    await this.endWorker('SIGTERM');
    const left = this.#engine === null ? [] : await this.containers().catch(() => []);
    if (left.length > 0)
      await run('docker', ['-H', this.dockerHost, 'rm', '-f', ...left]).catch(() => undefined);
    await end(this.#engine, 'SIGTERM');
    this.#engine = null;
    for (const door of this.#doors.splice(0)) door.close();
    await run('ip', ['link', 'delete', `${this.#namespace}-s`]).catch(() => undefined);
    await run('ip', ['netns', 'delete', this.#namespace]).catch(() => undefined);
  }

  /** The namespace, the cable, and at the server's end of it the doors to server and Redis. */
  async #lay(): Promise<void> {
    const { link, system } = this.#options;
    const [inside, outside] = [`${this.#namespace}-h`, `${this.#namespace}-s`];
    const ip = (...words: string[]) => run('ip', words);
    await ip('netns', 'add', this.#namespace);
    await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', this.#namespace);
    await ip('addr', 'add', `${link.server}/30`, 'dev', outside);
    await ip('link', 'set', outside, 'up');
    await ip('-n', this.#namespace, 'addr', 'add', `${link.host}/30`, 'dev', inside);
    for (const device of [inside, 'lo']) await ip('-n', this.#namespace, 'link', 'set', device, 'up');
    const port = Number(new URL(system.url).port);
    for (const to of [{ host: '127.0.0.1', port }, { path: system.redis.socket }])
      this.#doors.push(await openDoor(link.server, to));
  }

  async #startEngine(): Promise<void> {
    const { dir } = this.#options;
    const folders = ['--data-root', `${dir}/engine`, '--exec-root', `${dir}/exec`, '--pidfile', `${dir}/pid`];
    const alone = ['--bridge=none', '--iptables=false', '--ip-masq=false', '--log-level=warn'];
    this.#engine = this.#inside(
      ['dockerd', ...folders, '--host', this.dockerHost, ...alone],
      'engine.log',
      {},
    );
    await waitFor(`the engine of ${this.name}`, () => answers(this.dockerHost), 40_000);
  }

  /** `ip netns exec` would hide the cgroups that an engine needs; this changes the network only. */
  #inside(command: readonly string[], logName: string, env: Readonly<Record<string, string>>): ChildProcess {
    const log = openSync(path.join(this.#options.dir, logName), 'a');
    const child = spawn('nsenter', [`--net=/run/netns/${this.#namespace}`, ...command], {
      cwd: this.#options.dir,
      env: { ...nodeEnvironment(), ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return child;
  }
}

/** What Redis knows of a user; null: there is none. */
export async function redisUser(system: System, username: string): Promise<unknown> {
  const redis = connectRedis(system.redis.url, 'consumer');
  try {
    return await redis.call('ACL', 'GETUSER', username);
  } finally {
    redis.disconnect();
  }
}

/** Forwards what comes to a port of this address. */
async function openDoor(address: string, to: net.NetConnectOpts): Promise<net.Server> {
  const door = net.createServer((from) => {
    const onward = net.connect(to);
    from.pipe(onward).pipe(from);
    from.on('error', () => onward.destroy());
    onward.on('error', () => from.destroy());
    from.on('close', () => onward.destroy());
    onward.on('close', () => from.destroy());
  });
  door.listen(0, address);
  await once(door, 'listening');
  return door.unref();
}

async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
