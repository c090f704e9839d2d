import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../config/node-flags.ts';
import { DEFAULT_ROUTER } from '../../config/settings.ts';
import { startRedis, type RedisPart } from '../../src/parts/redis.ts';
import { startRegistry, type RegistryPart } from '../../src/parts/registry.ts';
import { ensureRouter, stopRouter } from '../../src/parts/router.ts';
import { sign } from '../../src/webhooks/signature.ts';
import { APP_LABELS } from '../../worker/deploy/app-container.ts';
import { appNetworkName } from '../../worker/deploy/app-network.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { prepareRouter } from '../../worker/router/open-router.ts';
import { nodeEnvironment } from './node-environment.ts';
import { HTPASSWD, LOGIN } from './registry-logins.ts';

export interface SystemOptions {
  /** The engine that runs builds and apps. */
  readonly dockerHost: string;
  readonly capacity?: number;
  /** Over what the system sets, for both processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** False: no worker is started. */
  readonly worker?: boolean;
  /** Ranges for builds and apps; two systems on one engine need different ones. */
  readonly buildNetworks?: string;
  readonly appNetwork?: string;
  /** The registry lets in only those of `registry-logins.ts`; otherwise everybody. */
  readonly lockedRegistry?: boolean;
  /** Environments that the router has room for; 16 unless said. */
  readonly backends?: number;
  /** Called with the system's folder before anything is in it, e.g. to mount; what it gives is called last of all. */
  readonly prepare?: (dir: string) => Promise<() => Promise<void>>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Of the system's worker. */
export const WORKER_LABELS = { kind: 'test', rack: '7' };
export const WEBHOOK_SECRET = 'the secret of the webhook in tests';

/** Server, worker, Redis, registry and router as processes of their own: the whole product on real parts. */
export class System {
  readonly dir: string;
  readonly url: string;
  /** Where the router takes public traffic. */
  readonly routerUrl: string;
  readonly redis: RedisPart;
  readonly registry: RegistryPart;
  /** With the login in it where the registry asks for one. */
  readonly registryUrl: string;
  /** Its own in each system: workers of one name on one engine would remove each other's builds. */
  readonly workerName = `test-worker-${randomUUID().slice(0, 8)}`;
  adminToken = '';
  server: ChildProcess | null = null;
  worker: ChildProcess | null = null;
  readonly #env: Readonly<Record<string, string>>;
  #workerToken: string | null = null;
  readonly #undo: () => Promise<void>;

  constructor(parts: {
    dir: string;
    url: string;
    routerUrl: string;
    redis: RedisPart;
    registry: RegistryPart;
    registryUrl: string;
    env: Readonly<Record<string, string>>;
    undo: () => Promise<void>;
  }) {
    this.dir = parts.dir;
    this.url = parts.url;
    this.routerUrl = parts.routerUrl;
    this.redis = parts.redis;
    this.registry = parts.registry;
    this.registryUrl = parts.registryUrl;
    this.#env = parts.env;
    this.#undo = parts.undo;
  }

  /** @param env Over what the system sets. */
  async startServer(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.server = this.#spawn('src/main.ts', 'server.log', env);
    await until(async () => {
      this.#demandAlive(this.server, 'server.log');
      return (await fetch(`${this.url}/healthz`).catch(() => null))?.ok === true;
    }, 'the server answers');
    this.adminToken = (await readFile(path.join(this.dir, 'data', 'admin-token'), 'utf8')).trim();
  }

  async startWorker(): Promise<void> {
    this.worker = await this.spawnWorker('worker');
    await until(async () => {
      this.#demandAlive(this.worker, 'worker.log');
      return (await readFile(path.join(this.dir, 'worker.log'), 'utf8')).includes('the worker is ready');
    }, 'the worker is ready');
  }

  /** A process of the worker in a folder of that name, not waited for; its log is `<folder>.log`. */
  async spawnWorker(folder: string): Promise<ChildProcess> {
    const token = { name: this.workerName, routers: [DEFAULT_ROUTER], labels: WORKER_LABELS };
    this.#workerToken ??= (await this.api<{ token: string }>('POST', '/workers/tokens', token)).token;
    return this.#spawn('worker/main.ts', `${folder}.log`, {
      SLIPWAY_DATA: path.join(this.dir, folder),
      SLIPWAY_SERVER_URL: this.url,
      SLIPWAY_WORKER_TOKEN: this.#workerToken,
      SLIPWAY_WORKER_NAME: this.workerName,
      SLIPWAY_ROUTER_NAME: DEFAULT_ROUTER,
    });
  }

  /** Asks the API with the admin token. @throws Error with the answer's text when it is not a success. */
  async api<T>(method: string, target: string, body?: unknown): Promise<T> {
    const send = (): Promise<Response> =>
      fetch(`${this.url}/api/v1${target}`, {
        method,
        headers: { authorization: `Bearer ${this.adminToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // A server may close a kept connection just as the next question goes out: what changes nothing is asked again.
    const response = await send().catch((error: unknown) => {
      if (method !== 'GET' || !isClosed(error)) throw error;
      return send();
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${target}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Sends a signed delivery as GitHub does. */
  deliver(event: string, payload: unknown, id: string = randomUUID()): Promise<Response> {
    const body = JSON.stringify(payload);
    const headers = {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': id,
      'x-hub-signature-256': sign(body, WEBHOOK_SECRET),
    };
    return fetch(`${this.url}/webhooks/github`, { method: 'POST', headers, body });
  }

  /** Asks the router for a public host, as a user's browser would. */
  ask(host: string, target = '/'): Promise<RouterAnswer> {
    return askRouter(this.routerUrl, host, target);
  }

  /** The last lines of both processes' logs, for a failed test's message. */
  async logs(): Promise<string> {
    const read = async (name: string): Promise<string> =>
      (await readFile(path.join(this.dir, name), 'utf8').catch(() => '')).split('\n').slice(-30).join('\n');
    return `--- server\n${await read('server.log')}\n--- worker\n${await read('worker.log')}`;
  }

  /** @param engineIsGone What is in it goes with its folder. */
  async stop({ engineIsGone = false }: { readonly engineIsGone?: boolean } = {}): Promise<void> {
    await endProcess(this.worker);
    await endProcess(this.server);
    await stopRouter(path.join(this.dir, 'router'));
    const own = {
      routerDir: path.join(this.dir, 'router'),
      range: this.#env['SLIPWAY_APP_NETWORK'] ?? '',
      registry: this.registry.host,
    };
    if (!engineIsGone) await removeApps(this.#env['DOCKER_HOST'] ?? '', own);
    await this.registry.stop();
    await this.redis.stop();
    await this.#undo();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  #spawn(file: string, logName: string, env: Readonly<Record<string, string>>): ChildProcess {
    const log = openSync(path.join(this.dir, logName), 'a');
    const child = spawn(process.execPath, [...NODE_FLAGS, path.join(ROOT, file)], {
      cwd: this.dir,
      env: { ...nodeEnvironment(), HOME: this.dir, ...this.#env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return child;
  }

  #demandAlive(child: ChildProcess | null, logName: string): void {
    if (child === null || child.exitCode !== null)
      throw new Error(`a process ended at its start; see ${path.join(this.dir, logName)}`);
  }
}

function isClosed(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { code?: string };
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET';
}

export interface RouterAnswer {
  readonly status: number;
  readonly text: string;
}

/** @param url Where the router takes public traffic. */
export function askRouter(url: string, host: string, target = '/'): Promise<RouterAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () =>
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    socket.on('error', reject);
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
      resolve({ status, text: text.split('\r\n\r\n').slice(1).join('\r\n\r\n') });
    });
  });
}

/** Apps, their volumes and images outlive Slipway's processes by design; a test takes them along. */
async function removeApps(
  dockerHost: string,
  { routerDir, range, registry }: { routerDir: string; range: string; registry: string },
): Promise<void> {
  const engine = connectEngine(dockerHost);
  const { containers } = await engine.listOwned([`${APP_LABELS.router}=${routerDir}`]);
  const environments = new Set(containers.map(({ labels }) => labels[APP_LABELS.environment]));
  await Promise.all(containers.map(({ id }) => engine.removeContainer(id)));
  for (const id of environments) {
    const { volumes } = await engine.listOwned([`${APP_LABELS.environment}=${id ?? ''}`]);
    await Promise.all(volumes.map((volume) => engine.removeVolume(volume.id)));
  }
  const images = await engine.docker.listImages({ all: true });
  const names = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
  for (const name of names.filter((one) => one.startsWith(`${registry}/`)))
    await engine.docker
      .getImage(name)
      .remove({ force: true })
      .catch(() => undefined);
  // Apps in one range share a network; the last one out removes it.
  await engine.removeNetwork(appNetworkName(range)).catch(() => undefined);
  engine.close();
}

/** Starts everything; what it made is gone after `stop`. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const dir = await mkdtemp(path.join(tmpdir(), 'slw-'));
  const undo = (await options.prepare?.(dir)) ?? (() => Promise.resolve());
  const redis = await startRedis({ dir: path.join(dir, 'redis') });
  const isLocked = options.lockedRegistry === true;
  const registry = await startRegistry({
    dir: path.join(dir, 'registry'),
    ...(isLocked ? { htpasswd: HTPASSWD } : {}),
  });
  const [port, routerPort] = [await freePort(), await freePort()];
  const routerDir = path.join(dir, 'router');
  const { backends = 16 } = options;
  await ensureRouter({
    dir: routerDir,
    prepare: () => prepareRouter(routerDir, { binds: [`127.0.0.1:${routerPort}`], backends }),
  });
  const url = `http://127.0.0.1:${port}`;
  const system = new System({
    dir,
    url,
    routerUrl: `http://127.0.0.1:${routerPort}`,
    redis,
    registry,
    registryUrl: isLocked ? `http://${LOGIN.username}:${LOGIN.password}@${registry.host}` : registry.url,
    env: {
      SLIPWAY_DATA: path.join(dir, 'data'),
      SLIPWAY_URL: url,
      SLIPWAY_LISTEN: `127.0.0.1:${port}`,
      SLIPWAY_WEBHOOK_SECRETS: WEBHOOK_SECRET,
      REDIS_URL: redis.url,
      SLIPWAY_REGISTRY: registry.host,
      SLIPWAY_REGISTRY_INSECURE: '1',
      SLIPWAY_ROUTER_DIR: routerDir,
      SLIPWAY_ROUTER_BIND: `127.0.0.1:${routerPort}`,
      SLIPWAY_ROUTER_BACKENDS: String(backends),
      SLIPWAY_APP_NETWORK: options.appNetwork ?? '10.212.0.0/16',
      SLIPWAY_BUILD_NETWORKS: options.buildNetworks ?? '10.213.0.0/16',
      SLIPWAY_WORKER_CAPACITY: String(options.capacity ?? 2),
      DOCKER_HOST: options.dockerHost,
      ...options.env,
    },
    undo,
  });
  try {
    await system.startServer();
    if (options.worker !== false) await system.startWorker();
    return system;
  } catch (error) {
    await system.stop();
    throw error;
  }
}

/**
 * Waits until `check` holds. It asks after 20 ms, and then whenever a tenth of the time so far has passed again, after
 * `mostPauseMs` at most: a question to the API takes 5 ms of the processor from what is waited for.
 * @throws Error after `limitMs`.
 */
export async function until(
  check: () => Promise<boolean>,
  what: string,
  limitMs = 60_000,
  mostPauseMs = 100,
): Promise<void> {
  const startMs = Date.now();
  while (!(await check())) {
    const waitedMs = Date.now() - startMs;
    if (waitedMs > limitMs) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await sleep(Math.min(Math.max(waitedMs / 10, 20), mostPauseMs));
  }
}

async function endProcess(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  if ((await Promise.race([gone, sleep(20_000, 'late', { ref: false })])) !== 'late') return;
  child.kill('SIGKILL');
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
