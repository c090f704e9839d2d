import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../core/problem.ts';
import type { CleanUp } from './clean-up.ts';
import { prepareEngineNetwork, type EngineNetwork } from './engine-network.ts';
import { findBinary } from './find-binary.ts';
import type { Part, PartOptions } from './part.ts';
import { isProgramOf } from './processes.ts';
import { socketDir } from './socket-dir.ts';
import { findOwnPart, spawnPart, stopOwnPart } from './spawn-part.ts';

export interface EnginePartOptions extends PartOptions {
  /** IPv4 ranges that networks with a subnet of their own are cut from; their containers reach the outside too. */
  readonly ranges?: readonly string[];
  /** Told once when containers will reach nothing outside, with the reason. */
  readonly warn?: (sentence: string) => void;
}

/** A Docker engine of our own: own data, socket, containerd and bridge, beside whatever else runs here. */
export interface EnginePart extends Part {
  /** As DOCKER_HOST: `unix:///…/docker.sock`. */
  readonly host: string;
}

/** Where an engine listens when nobody says otherwise. */
export const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';

/**
 * Starts one on the images and containers in `dir`, or attaches to the one of its own life that runs there.
 * It needs root. Its end takes containers, shims, mounts, networks and packet filter rules along; data stays in `dir`.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function startEngine(options: EnginePartOptions): Promise<EnginePart> {
  const { dir } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const places = await placesOf(dir);
  const host = `unix://${places.socket}`;
  const running = await findOwnPart(dir, NAME);
  if (running !== null && (await answers(host)))
    return { pid: running, host, attached: true, stop: () => stopEngine(dir, options.ranges) };
  const command = findBinary(['dockerd']);
  if (command === null)
    throw new Problem('part_missing', { part: 'Docker Engine', command: 'apt-get install docker.io' });
  if (process.getuid?.() !== 0)
    throw new Problem('part_missing', {
      part: 'A Docker engine that this user may use',
      command: `usermod -aG docker ${process.env['USER'] ?? '$USER'} (then sign in again), or name one with DOCKER_HOST`,
    });
  await outlive(places.pidFile);
  const network = await prepareEngineNetwork(bridgeOf(dir), options.ranges ?? [], places.shims);
  if (network.warning !== null) options.warn?.(network.warning);
  const part = await spawnPart({
    timeoutMs: 60_000,
    ...options,
    name: NAME,
    command,
    args: [
      ...['--data-root', places.dataRoot, '--exec-root', places.execRoot, '--pidfile', places.pidFile],
      ...['--host', host, '--config-file', await writeConfig(dir, network)],
      ...['--bridge', network.bridge, '--iptables=false', '--ip-masq=false'],
    ],
    env: { PATH: network.path },
    isReady: () => answers(host),
    graceMs: 1_000,
    cleanUp: leftovers(places, network.undo),
  });
  return { ...part, host };
}

/** Ends the engine of its own life in `dir` with all its containers; silent when it does not run. */
export async function stopEngine(dir: string, ranges: readonly string[] = []): Promise<void> {
  if ((await findOwnPart(dir, NAME)) === null) return;
  const places = await placesOf(dir);
  const { undo } = await prepareEngineNetwork(bridgeOf(dir), ranges, places.shims);
  await stopOwnPart(dir, NAME, leftovers(places, undo), 1_000);
}

/** As DOCKER_HOST: where the engine of its own life in `dir` listens; null when none runs there. */
export async function ownEngineHost(dir: string): Promise<string | null> {
  return (await findOwnPart(dir, NAME)) === null ? null : `unix://${(await placesOf(dir)).socket}`;
}

/** Whether an engine answers at `host`; `unix://…` and `tcp://…` without TLS are asked, others are believed. */
export function answers(host: string, timeoutMs = 2_000): Promise<boolean> {
  const url = new URL(host);
  if (url.protocol !== 'unix:' && (url.protocol !== 'tcp:' || process.env['DOCKER_TLS_VERIFY']))
    return Promise.resolve(true);
  const where =
    url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port };
  return new Promise((resolve) => {
    const request = http.get({ ...where, path: '/_ping', timeout: timeoutMs, agent: false }, (response) => {
      response.resume();
      response.on('error', () => resolve(false));
      response.on('end', () => resolve(response.statusCode === 200));
    });
    request.on('timeout', () => request.destroy(new Error('silent')));
    request.on('error', () => resolve(false));
  });
}

const NAME = 'engine';

interface Places {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly socket: string;
  readonly pidFile: string;
  /** For programs that the engine must find before the system's own. */
  readonly shims: string;
  /** What goes with the engine; the data stays. */
  readonly passing: readonly string[];
}

async function placesOf(dir: string): Promise<Places> {
  const short = await socketDir(dir);
  const execRoot = path.join(short, 'exec');
  const socket = path.join(short, 'docker.sock');
  const pidFile = path.join(short, 'dockerd.pid');
  return {
    dataRoot: path.join(dir, 'data'),
    execRoot,
    socket,
    pidFile,
    shims: path.join(dir, 'shims'),
    passing: short === dir ? [execRoot, socket, pidFile] : [short],
  };
}

/** Waits for an engine that was told to end, and removes the file of one that was killed. */
async function outlive(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
  for (let tries = 0; tries < 300 && isProgramOf(pid, 'dockerd'); tries += 1) await sleep(50);
  if (!isProgramOf(pid, 'dockerd')) await rm(pidFile, { force: true });
}

/** An interface's name has at most 15 characters. */
const bridgeOf = (dir: string): string => `slip${createHash('sha256').update(dir).digest('hex').slice(0, 8)}`;

async function writeConfig(dir: string, network: EngineNetwork): Promise<string> {
  const file = path.join(dir, 'daemon.json');
  const pools = network.shared ? {} : { 'default-address-pools': [{ base: network.pool, size: 24 }] };
  await writeFile(file, `${JSON.stringify({ 'log-level': 'warn', ...pools }, null, 2)}\n`);
  return file;
}

function leftovers(places: Places, undo: CleanUp['commands']): CleanUp {
  return {
    engine: { dataRoot: places.dataRoot, execRoot: places.execRoot },
    commands: undo ?? [],
    remove: places.passing,
  };
}
