import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NODE_FLAGS } from '../../config/node-flags.ts';
import { answers } from '../../src/parts/engine.ts';
import { findBinary } from '../../src/parts/find-binary.ts';
import { ensureRouter, stopRouter } from '../../src/parts/router.ts';
import type { QueueLogin } from '../../src/ports/queue-access.ts';
import { connectRedis } from '../../src/queue/bullmq-queue.ts';
import { prepareRouter } from '../../worker/router/open-router.ts';
import { connectServer } from '../../worker/server/connect-server.ts';
import { openDoor, portOf } from './door.ts';
import { busyboxImage } from './images.ts';
import { nodeEnvironment } from './node-environment.ts';
import type { System } from './system.ts';
import { waitFor } from './wait.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where a host's own router takes public traffic. */
const ROUTER_PORT = 8080;
const ROUTER_BACKENDS = 16;
/** As it is called within its namespace. */
const BRIDGE = 'builds0';

export interface OwnHostOptions {
  /** Of its worker, at most 5 characters. */
  readonly name: string;
  /** Free folder; what is in it is left for the caller to remove. */
  readonly dir: string;
  /** Two addresses that nothing else uses: of the server's end of the link, and of the host's. */
  readonly link: { readonly server: string; readonly host: string };
  /** Address of its engine's bridge, with the length of its network; nobody outside of the host sees it. */
  readonly bridge: string;
  /** It has this router, for apps in that range; none where it is absent. */
  readonly router?: { readonly name: string; readonly appNetwork: string };
  readonly system: System;
}

export interface WorkerStart {
  /** 2 unless told. */
  readonly capacity?: number;
  /** It knows the protocol up to the version before this program's. */
  readonly speaksOlder?: boolean;
}

/** Whether hosts can be made here: that needs root, an engine's program, and iproute2 and util-linux. */
export function canMakeHosts(): boolean {
  return (
    process.getuid?.() === 0 && ['dockerd', 'ip', 'nsenter'].every((name) => findBinary([name]) !== null)
  );
}

/**
 * Another machine, as far as one can be had here: a network namespace with an engine of its own and a worker of its own,
 * joined to the server by one cable. The worker has a token and addresses of server, Redis and registry, nothing else.
 */
export class OwnHost {
  readonly name: string;
  readonly dockerHost: string;
  readonly #options: OwnHostOptions;
  readonly #namespace: string;
  readonly routerUrl: string;
  #engine: ChildProcess | null = null;
  worker: ChildProcess | null = null;
  #doors: { readonly server: net.Server; readonly redis: net.Server; readonly registry: net.Server } | null =
    null;
  /** The registry has one name everywhere: it is reached by it within the namespace too. */
  #registryInside: ChildProcess | null = null;
  #token = '';

  constructor(options: OwnHostOptions) {
    this.#options = options;
    this.name = options.name;
    // Of this run only; an interface's name has at most 15 characters.
    this.#namespace = `slw${randomBytes(2).toString('hex')}${options.name}`;
    this.dockerHost = `unix://${path.join(options.dir, 'docker.sock')}`;
    this.routerUrl = `http://${options.link.host}:${ROUTER_PORT}`;
  }

  async start(labels: Readonly<Record<string, string>>): Promise<void> {
    const { dir, router, system } = this.#options;
    await mkdir(dir, { recursive: true });
    await this.#lay();
    await Promise.all([this.#startEngine(), this.#letRegistryIn(), this.#startRouter()]);
    await busyboxImage(this.dockerHost);
    const routers = router === undefined ? [] : [router.name];
    const asked = { name: this.name, labels, routers };
    const made = await system.api<{ token: string }>('POST', '/workers/tokens', asked);
    this.#token = made.token;
    await this.startWorker();
  }

  /** Starts the worker's process and waits until it takes work. */
  async startWorker({ capacity = 2, speaksOlder = false }: WorkerStart = {}): Promise<void> {
    const { dir, link, system } = this.#options;
    const before = await this.log();
    const older = speaksOlder ? [`--import=${path.join(ROOT, 'test/support/speak-older-protocol.ts')}`] : [];
    this.worker = this.#inside(
      [process.execPath, ...NODE_FLAGS, ...older, path.join(ROOT, 'worker/main.ts')],
      'worker.log',
      {
        HOME: dir,
        SLIPWAY_DATA: path.join(dir, 'worker'),
        SLIPWAY_SERVER_URL: this.#serverUrl(),
        SLIPWAY_WORKER_TOKEN: this.#token,
        SLIPWAY_WORKER_NAME: this.name,
        SLIPWAY_WORKER_CAPACITY: String(capacity),
        SLIPWAY_REGISTRY: system.registry.host,
        SLIPWAY_REGISTRY_INSECURE: '1',
        REDIS_URL: `redis://${link.server}:${portOf(this.#laid().redis)}`,
        DOCKER_HOST: this.dockerHost,
        ...this.#routerSettings(),
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

  /** What the server gives its worker to log in to Redis with. Its worker's process has to have ended. */
  async queueLogin(): Promise<{ readonly queue: string; readonly login: QueueLogin | null }> {
    const server = await connectServer({
      ...{ url: this.#serverUrl(), token: this.#token, name: this.name, capacity: 0, routers: [] },
      spoolDir: path.join(this.#options.dir, 'no-spool'),
    });
    await server.close();
    return { queue: server.queue, login: server.queueLogin };
  }

  /** How many connections this host has to Redis. */
  redisConnections(): Promise<number> {
    const { redis } = this.#laid();
    return promisify(redis.getConnections.bind(redis))();
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
    if (this.#options.router !== undefined) await stopRouter(this.#routerDir());
    await Promise.all([end(this.#engine, 'SIGTERM'), end(this.#registryInside, 'SIGTERM')]);
    [this.#engine, this.#registryInside] = [null, null];
    for (const door of Object.values(this.#doors ?? {})) door.close();
    this.#doors = null;
    await run('ip', ['link', 'delete', `${this.#namespace}-s`]).catch(() => undefined);
    await run('ip', ['netns', 'delete', this.#namespace]).catch(() => undefined);
  }

  /** The namespace, the cable, at the server's end of it the doors to server, Redis and registry, and the engine's bridge. */
  async #lay(): Promise<void> {
    const { bridge, link, system } = this.#options;
    const [inside, outside] = [`${this.#namespace}-h`, `${this.#namespace}-s`];
    const ip = (...words: string[]) => run('ip', words);
    await ip('netns', 'add', this.#namespace);
    await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', this.#namespace);
    await ip('addr', 'add', `${link.server}/30`, 'dev', outside);
    await ip('link', 'set', outside, 'up');
    await ip('-n', this.#namespace, 'addr', 'add', `${link.host}/30`, 'dev', inside);
    await ip('-n', this.#namespace, 'link', 'add', BRIDGE, 'type', 'bridge');
    await ip('-n', this.#namespace, 'addr', 'add', bridge, 'dev', BRIDGE);
    for (const device of [inside, BRIDGE, 'lo']) await ip('-n', this.#namespace, 'link', 'set', device, 'up');
    const at = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
    this.#doors = {
      server: await openDoor(link.server, at(system.url)),
      redis: await openDoor(link.server, { path: system.redis.socket }),
      registry: await openDoor(link.server, at(system.registry.url)),
    };
  }

  #laid() {
    if (this.#doors === null) throw new Error(`${this.name} is not joined to the server`);
    return this.#doors;
  }

  #serverUrl(): string {
    return `http://${this.#options.link.server}:${portOf(this.#laid().server)}`;
  }

  async #letRegistryIn(): Promise<void> {
    const { dir, link, system } = this.#options;
    const { hostname, port } = new URL(system.registry.url);
    const onward = [link.server, String(portOf(this.#laid().registry))];
    const program = path.join(ROOT, 'test/support/run-door.ts');
    this.#registryInside = this.#inside(
      [process.execPath, program, hostname, port, ...onward],
      'door.log',
      {},
    );
    await waitFor(`the registry in ${this.name}`, async () =>
      (await readFile(path.join(dir, 'door.log'), 'utf8')).includes('the door is open'),
    );
  }

  async #startRouter(): Promise<void> {
    const { dir: hostDir, link, router } = this.#options;
    if (router === undefined) return;
    const dir = this.#routerDir();
    const haproxy = path.join(hostDir, 'haproxy');
    const inside = `nsenter --net=/run/netns/${this.#namespace}`;
    await writeFile(haproxy, `#!/bin/sh\nexec ${inside} ${findBinary(['haproxy'])} "$@"\n`, { mode: 0o700 });
    const binds = [`${link.host}:${ROUTER_PORT}`];
    await ensureRouter({
      ...{ dir, binary: haproxy },
      prepare: () => prepareRouter(dir, { binds, backends: ROUTER_BACKENDS }),
    });
  }

  #routerDir(): string {
    return path.join(this.#options.dir, 'router');
  }

  #routerSettings(): Readonly<Record<string, string>> {
    const { link, router } = this.#options;
    if (router === undefined) return {};
    return {
      SLIPWAY_ROUTER_NAME: router.name,
      SLIPWAY_ROUTER_DIR: this.#routerDir(),
      SLIPWAY_ROUTER_BIND: `${link.host}:${ROUTER_PORT}`,
      SLIPWAY_ROUTER_BACKENDS: String(ROUTER_BACKENDS),
      SLIPWAY_APP_NETWORK: router.appNetwork,
    };
  }

  async #startEngine(): Promise<void> {
    const { dir } = this.#options;
    const folders = ['--data-root', `${dir}/engine`, '--exec-root', `${dir}/exec`, '--pidfile', `${dir}/pid`];
    const alone = ['--bridge', BRIDGE, '--iptables=false', '--ip-masq=false', '--log-level=warn'];
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

/** What Redis answers to its owner, who may all, or to a worker with its login. */
export async function askRedis(
  system: System,
  words: readonly [string, ...string[]],
  login?: QueueLogin,
): Promise<unknown> {
  const redis = connectRedis(system.redis.url, 'consumer', login);
  try {
    return await redis.call(...words);
  } finally {
    redis.disconnect();
  }
}

/** The users of Redis, each as often as it has connections there. */
export async function usersConnected(system: System): Promise<readonly string[]> {
  const list = String(await askRedis(system, ['CLIENT', 'LIST']));
  return [...list.matchAll(/ user=(\S+)/g)].map(([, user = '']) => user);
}

async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
