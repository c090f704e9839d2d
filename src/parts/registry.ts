import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../core/problem.ts';
import { containerPid, removeContainer, startContainer } from './container.ts';
import { findBinary } from './find-binary.ts';
import type { ImagePartOptions, Part } from './part.ts';
import { findOwnPart, spawnPart, stopOwnPart } from './spawn-part.ts';

export interface RegistryPartOptions extends ImagePartOptions {
  /** Lines of an htpasswd file (bcrypt); absent: everybody may read and write. */
  readonly htpasswd?: string;
  /** Default: a free one, kept in `dir` for the next start. */
  readonly port?: number;
}

/** A registry of our own on the loopback, over plain HTTP, which an engine accepts there. Deleting is enabled. */
export interface RegistryPart extends Part {
  /** As SLIPWAY_REGISTRY, e.g. `127.0.0.1:41237`. */
  readonly host: string;
  /** e.g. `http://127.0.0.1:41237`. */
  readonly url: string;
}

/**
 * Starts one on the images in `dir`, or attaches to the one of its own life that runs there.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function startRegistry(options: RegistryPartOptions): Promise<RegistryPart> {
  const { dir, image } = options;
  const running = await registryPid(dir);
  if (running !== null) {
    const host = (await readFile(addressFile(dir), 'utf8')).trim();
    const stop = async (): Promise<void> => void (await stopRegistry(dir));
    return { pid: running, host, url: `http://${host}`, attached: true, stop };
  }
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const host = `127.0.0.1:${options.port ?? (await keptPort(dir)) ?? (await lastingPort())}`;
  await writeFile(addressFile(dir), `${host}\n`);
  await writeConfig(dir, host, options.htpasswd);
  const common = {
    ...options,
    name: NAME,
    args: ['serve', path.join(dir, 'config.yml')],
    isReady: async () => {
      const answer = await fetch(`http://${host}/v2/`).catch(() => null);
      return answer !== null && [200, 401].includes(answer.status);
    },
  };
  const part =
    image === undefined
      ? await spawnPart({ ...common, command: demandProgram() })
      : await startContainer({ ...common, image, program: 'registry', network: 'host' });
  return { ...part, host, url: `http://${host}` };
}

/** Ends the registry of its own life in `dir`; false when it did not run. */
export async function stopRegistry(dir: string): Promise<boolean> {
  const ran = (await registryPid(dir)) !== null;
  await stopOwnPart(dir, NAME, {});
  return (await removeContainer(dir, NAME)) || ran;
}

/** `host:port` of the one that was last started in `dir`; null when none ever was. */
export async function ownRegistryHost(dir: string): Promise<string | null> {
  return (await readFile(addressFile(dir), 'utf8').catch(() => '')).trim() || null;
}

const NAME = 'registry';

/** Process id of the registry of its own life in `dir`; null when it does not run. */
const registryPid = async (dir: string): Promise<number | null> =>
  (await findOwnPart(dir, NAME)) ?? containerPid(dir, NAME);

function demandProgram(): string {
  const program = findBinary(['docker-registry', 'registry']);
  if (program !== null) return program;
  throw new Problem('part_missing', { part: 'docker-registry', command: 'apt-get install docker-registry' });
}

const addressFile = (dir: string): string => path.join(dir, 'address');

async function writeConfig(dir: string, host: string, htpasswd: string | undefined): Promise<void> {
  const auth =
    htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'registry', path: passwords(dir) } } };
  if (htpasswd !== undefined) await writeFile(passwords(dir), `${htpasswd.trim()}\n`, { mode: 0o600 });
  const config = {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: path.join(dir, 'data') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: host },
    ...auth,
  };
  // JSON is YAML.
  await writeFile(path.join(dir, 'config.yml'), JSON.stringify(config, null, 2), { mode: 0o600 });
}

const passwords = (dir: string): string => path.join(dir, 'htpasswd');

/** The port of the last start, when it is still free: image names hold it. */
async function keptPort(dir: string): Promise<number | null> {
  const kept = await readFile(addressFile(dir), 'utf8').catch(() => '');
  const port = Number(kept.trim().split(':')[1] ?? 0);
  // The one that was just ended may hold it a moment longer: its last thread goes after its process counts as ended.
  for (let tries = 0; port > 0 && tries < 40; tries++) {
    if (await isFree(port)) return port;
    await sleep(50);
  }
  return null;
}

/**
 * A free port below those that the system gives to outgoing connections (32768 and up on Linux): of those, one that
 * is free now may be somebody's at the next start.
 */
async function lastingPort(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  return freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A port of the loopback that nothing listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
