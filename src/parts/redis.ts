import { mkdir, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { startContainer } from './container.ts';
import { findBinary } from './find-binary.ts';
import type { ImagePartOptions, Part } from './part.ts';
import { socketDir } from './socket-dir.ts';
import { spawnPart } from './spawn-part.ts';

/** A Redis of our own on a private unix socket: append-only file, synced at every write, nothing evicted. */
export interface RedisPart extends Part {
  /** As REDIS_URL: `unix:///…/redis.sock`. */
  readonly url: string;
  readonly socket: string;
}

/**
 * Starts one on the files in `dir`; a socket that a killed one left is removed first.
 * @throws Problem `part_missing`, `part_failed`; the latter when one runs in `dir` already.
 */
export async function startRedis(options: ImagePartOptions): Promise<RedisPart> {
  const { dir, image } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const folder = await socketDir(dir);
  const socket = path.join(folder, 'redis.sock');
  if (await answersPing(socket))
    throw new Problem('part_failed', { part: 'redis', cause: `another one uses ${dir}`, log: dir });
  await rm(socket, { force: true });
  const remove = [folder === dir ? socket : folder];
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const common = { ...options, name: 'redis', args, isReady: () => answersPing(socket) };
  const part =
    image === undefined
      ? await spawnPart({ ...common, command: demandProgram(), cleanUp: { remove } })
      : await startContainer({
          ...common,
          image,
          program: 'redis-server',
          folders: [folder],
          network: 'none',
          remove,
        });
  return { ...part, url: `unix://${socket}`, socket };
}

/** As REDIS_URL: where one that lives in `dir` listens while it runs. */
export async function ownRedisUrl(dir: string): Promise<string> {
  return `unix://${path.join(await socketDir(dir), 'redis.sock')}`;
}

function demandProgram(): string {
  const program = findBinary(['redis-server', 'valkey-server']);
  if (program !== null) return program;
  throw new Problem('part_missing', { part: 'redis-server', command: 'apt-get install redis-server' });
}

/** Whether a Redis answers on the socket and has its data loaded. */
function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = net.connect(socket, () => client.write('PING\r\n'));
    client.setTimeout(1_000, () => client.destroy());
    client.on('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      client.destroy();
    });
    client.on('error', () => resolve(false));
    client.on('close', () => resolve(false));
  });
}
