import Dockerode from 'dockerode';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../demo/traffic.ts';
import { PART_LABELS } from '../../src/parts/container.ts';
import { startEngine } from '../../src/parts/engine.ts';
import type { PartImage } from '../../src/parts/part.ts';
import { findProcesses, isAlive } from '../../src/parts/processes.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { freePort, startRegistry, stopRegistry } from '../../src/parts/registry.ts';
import { ensureRouter, routerPid, stopRouter, type RouterPart } from '../../src/parts/router.ts';
import { openRouter, prepareRouter } from '../../worker/router/open-router.ts';
import { haproxyImage, redisImage, registryImage } from '../support/images.ts';
import { expectNothingLeft, takeInventory, type Inventory } from '../support/leftovers.ts';
import { testParts } from '../support/parts.ts';
import { waitFor } from '../support/wait.ts';

let redis: PartImage;
let registry: PartImage;
let haproxy: PartImage;
let dir: string;
let before: Inventory;

beforeAll(async () => {
  const { dockerHost } = testParts();
  redis = { dockerHost, name: await redisImage(dockerHost) };
  registry = { dockerHost, name: await registryImage(dockerHost) };
  haproxy = { dockerHost, name: await haproxyImage(dockerHost) };
});
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-from-image-'));
  before = await takeInventory(testParts().dockerHost, labelOf());
});
afterEach(async () => {
  await stopRouter(dir);
  await stopRegistry(dir);
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

describe('a Redis from an image', () => {
  it('comes back after kill -9 with everything it had answered for, and leaves nothing', async () => {
    const first = await startRedis({ dir, image: redis });
    await say(first.socket, 'SET kept yes');
    process.kill(first.pid, 'SIGKILL');
    await waitFor('it is dead', () => !isAlive(first.pid));
    const second = await startRedis({ dir, image: redis });
    expect(await say(second.socket, 'GET kept')).toBe('$3\r\nyes\r\n');
    expect(await say(second.socket, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    expect(await say(second.socket, 'CONFIG GET appendfsync')).toContain('always');
    await second.stop();
    await first.stop();
    await expectAllGone();
  });

  it('reaches no network, and works in a folder whose name is too long for a socket', async () => {
    const part = await startRedis({ dir: path.join(dir, 'x,"y z'.repeat(20)), image: redis });
    expect(await say(part.socket, 'PING')).toBe('+PONG\r\n');
    const [container] = await containers();
    expect(Object.keys(container?.NetworkSettings.Networks ?? {})).toEqual(['none']);
    await part.stop();
    expect(existsSync(path.dirname(part.socket))).toBe(false);
    await expectAllGone();
  });

  it('is refused where another one serves the folder', async () => {
    const part = await startRedis({ dir });
    await expect(startRedis({ dir, image: redis })).rejects.toThrow('another one uses');
    expect(await say(part.socket, 'PING')).toBe('+PONG\r\n');
    await part.stop();
  });

  it('that cannot start says why, and leaves nothing', async () => {
    const image = { ...redis, name: registry.name };
    await expect(startRedis({ dir, image })).rejects.toThrow(/redis-server.*executable file not found/);
    await expectAllGone();
  });
});

describe('a registry from an image', () => {
  it('of its own life is found again by its folder, on its address, with deleting enabled', async () => {
    const first = await startRegistry({ dir, life: 'own', image: registry });
    const digest = await push(first.url);
    const again = await startRegistry({ dir, life: 'own', image: registry });
    expect(again).toMatchObject({ pid: first.pid, host: first.host });
    // The image asks for a volume, as the official one does; nobody uses it.
    const [volume] = await volumesInUse();
    expect(volume).toMatch(/^[0-9a-f]{64}$/);
    expect(await stopRegistry(dir)).toBe(true);
    await expectAllGone();
    expect(await volumes()).not.toContain(volume);
    const second = await startRegistry({ dir, life: 'own', image: registry });
    expect(second.host).toBe(first.host);
    const blob = `${second.url}/v2/shop/web/blobs/${digest}`;
    expect(await (await fetch(blob)).text()).toBe('a layer');
    expect((await fetch(blob, { method: 'DELETE' })).status).toBe(202);
    await second.stop();
    expect(await stopRegistry(dir)).toBe(false);
    await expectAllGone();
  });

  it('comes back with its engine', async () => {
    const engine = await startEngine({ dir: path.join(dir, 'engine') });
    const image = { dockerHost: engine.host, name: await registryImage(engine.host) };
    const { pid, url } = await startRegistry({ dir, life: 'own', image });
    await engine.stop();
    expect(isAlive(pid)).toBe(false);
    const again = await startEngine({ dir: path.join(dir, 'engine') });
    try {
      await waitFor('it answers', async () => (await fetch(`${url}/v2/`)).ok);
      expect(await stopRegistry(dir)).toBe(true);
      await expect(fetch(`${url}/v2/`)).rejects.toThrow();
    } finally {
      await again.stop();
    }
  });

  it('comes back when it is killed, and belongs to the user who started it', async () => {
    const { pid, url } = await startRegistry({ dir, life: 'own', image: registry });
    process.kill(pid, 'SIGKILL');
    await waitFor('it is dead', () => !isAlive(pid));
    await waitFor('it answers', async () => (await fetch(`${url}/v2/`)).ok);
    const { pid: now } = await startRegistry({ dir, life: 'own', image: registry });
    const status = await readFile(`/proc/${now}/status`, 'utf8');
    expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).toBe(String(process.getuid?.()));
    expect(/^CapEff:\t0+$/m.test(status)).toBe(true);
  });

  it('gives way to the program when that is there the next time', async () => {
    const image = await startRegistry({ dir, life: 'own', image: registry });
    await stopRegistry(dir);
    const program = await startRegistry({ dir, life: 'own' });
    expect(program.host).toBe(image.host);
    expect(await containers()).toEqual([]);
  });

  it('that cannot start says why, and leaves nothing', async () => {
    const image = { ...registry, name: redis.name };
    const start = startRegistry({ dir, life: 'own', image });
    await expect(start).rejects.toThrow(/registry.*executable file not found/);
    await expectAllGone();
  });
});

describe('a router from an image', () => {
  it('serves on the loopback, is driven by its socket, and is found again', async () => {
    const port = await freePort();
    const { pid } = await ensure(port);
    expect(await serves(port)).toBe(true);
    expect(await openRouter(dir).differences()).toEqual([]);
    expect(await ensure(port)).toEqual({ pid, started: false });
    expect(await routerPid(dir)).toBe(pid);
    // Also by who has the program meanwhile.
    expect(await ensure(port, undefined)).toEqual({ pid, started: false });
    expect(await stopRouter(dir)).toBe(true);
    expect(await stopRouter(dir)).toBe(false);
    await expectAllGone();
  });

  it('comes back from its own files when it is killed, however often', async () => {
    const port = await freePort();
    const seen = [(await ensure(port)).pid];
    for (let time = 0; time < 3; time += 1) {
      process.kill(seen.at(-1) ?? 0, 'SIGKILL');
      const another = await waitFor('another HAProxy', async () => {
        const pid = await routerPid(dir);
        return pid === null || seen.includes(pid) ? null : pid;
      });
      seen.push(another);
      expect(await serves(port)).toBe(true);
    }
  });

  it('that never comes up says why, and leaves nothing', async () => {
    const prepare = (): Promise<void> => prepareRouter(dir, { binds: ['192.0.2.1:80'], backends: 1 });
    await expect(ensureRouter({ dir, prepare, image: haproxy })).rejects.toThrow(
      /haproxy from the image slipway-test\/haproxy:2 did not start: it ended with 1: .*192\.0\.2\.1:80/,
    );
    await expectAllGone();
  });

  const ensure = (port: number, image: PartImage | undefined = haproxy): Promise<RouterPart> =>
    ensureRouter({
      dir,
      prepare: () => prepareRouter(dir, { binds: [`127.0.0.1:${port}`], backends: 4 }),
      image,
    });

  async function serves(port: number): Promise<boolean> {
    const { text } = await ask(`http://127.0.0.1:${port}`, 'nobody.example.com', { path: '/' });
    return text.includes('This host name belongs to no environment.');
  }
});

describe('parts from images that live with their parent', () => {
  it('end when it is killed', async () => {
    const file = path.join(import.meta.dirname, 'parent-of-containers.ts');
    const parent = spawn(process.execPath, [file, dir, JSON.stringify({ redis, registry })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = once(createInterface({ input: parent.stdout }), 'line');
    expect(await Promise.race([line, once(parent, 'exit')])).toEqual(['started']);
    expect(await containers()).toHaveLength(2);
    parent.kill('SIGKILL');
    await waitFor('their containers are gone', async () => (await containers()).length === 0, 30_000);
    await expectAllGone();
  });
});

/** Containers of this test's folder and the folders below it. */
async function containers(): Promise<Dockerode.ContainerInfo[]> {
  const all = await docker().listContainers({ all: true, filters: { label: [PART_LABELS.folder] } });
  return all.filter(({ Labels }) => Labels[PART_LABELS.folder]?.startsWith(dir));
}

const docker = (): Dockerode =>
  new Dockerode({ socketPath: new URL(testParts().dockerHost).pathname, host: undefined });

const volumes = async (): Promise<string[]> => (await docker().listVolumes()).Volumes.map(({ Name }) => Name);

const volumesInUse = async (): Promise<string[]> =>
  (await containers()).flatMap(({ Mounts }) => Mounts.flatMap((one) => one.Name ?? []));

const labelOf = (): string => `${PART_LABELS.folder}=${dir}`;

async function expectAllGone(): Promise<void> {
  expect(await containers()).toEqual([]);
  await waitFor('no process is left', () => ofOurs().length === 0);
  await expectNothingLeft(before, labelOf());
}

/** Processes that name our folder on their command line. */
const ofOurs = (): number[] => findProcesses('cmdline', (text) => text.includes(dir));

/** Uploads a blob in one request; returns its digest. */
async function push(url: string): Promise<string> {
  const digest = 'sha256:e28d98ac666afd34f089b971a663264d54d67a60ddc82996d48d8f3c204eb75f';
  const upload = await fetch(`${url}/v2/shop/web/blobs/uploads/`, { method: 'POST' });
  const place = upload.headers.get('location') ?? '';
  const put = await fetch(`${place}&digest=${digest}`, { method: 'PUT', body: 'a layer' });
  expect(put.status).toBe(201);
  return digest;
}

/** One inline command; the raw reply. */
async function say(socket: string, command: string): Promise<string> {
  const client = net.connect(socket);
  client.write(`${command}\r\n`);
  const [reply] = (await once(client, 'data')) as [Buffer];
  client.destroy();
  return reply.toString();
}
