import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answers, startEngine, stopEngine } from '../../src/parts/engine.ts';
import { freeRanges, giveBack } from '../../src/parts/free-ranges.ts';
import { findProcesses, isAlive, signalAll } from '../../src/parts/processes.ts';
import { startRedis } from '../../src/parts/redis.ts';
import { startRegistry, stopRegistry } from '../../src/parts/registry.ts';
import { removeDead } from '../../src/parts/run-folder.ts';
import { busyboxImage } from '../support/images.ts';
import { waitFor } from '../support/wait.ts';

const run = promisify(execFile);
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'slipway-parts-'));
});
afterEach(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));

describe('parts that live with their parent', () => {
  it('end when it is killed, with containers, mounts, bridges and packet filter rules', async () => {
    const before = await hostState();
    const parent = spawn(process.execPath, [path.join(import.meta.dirname, 'parent.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const { dockerHost } = JSON.parse(line) as { dockerHost: string };
    await busyboxImage(dockerHost);
    await docker(dockerHost, 'run', '-d', '--network', 'bridge', 'slipway-test/busybox:1', 'sleep', '600');
    expect(usersOf(dir).length).toBeGreaterThan(4);
    expect(await addedSince(before)).not.toEqual([]);
    parent.kill('SIGKILL');
    await waitFor('everything is gone', () => usersOf(dir).length === 0, 30_000);
    expect(await addedSince(before)).toEqual([]);
  });

  it('are removed by the next run where their supervisors were killed with them', async () => {
    const before = await hostState();
    const parent = spawn(process.execPath, [path.join(import.meta.dirname, 'parent.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const { dockerHost } = JSON.parse(line) as { dockerHost: string };
    await busyboxImage(dockerHost);
    const network = await docker(dockerHost, 'network', 'create', 'left');
    const bridge = `/sys/class/net/br-${network.slice(0, 12)}`;
    expect(existsSync(bridge)).toBe(true);
    await docker(dockerHost, 'run', '-d', '--network', 'left', 'slipway-test/busybox:1', 'sleep', '600');
    signalAll([parent.pid ?? 0, ...usersOf(dir)], 'SIGKILL');
    await waitFor('supervisors are dead', () => usersOf(dir).length === 0);
    expect(await addedSince(before)).not.toEqual([]);
    await removeDead(dir);
    expect(await addedSince(before)).toEqual([]);
    expect([existsSync(bridge), existsSync(dir)]).toEqual([false, false]);
    expect(usersOf(dir)).toEqual([]);
  });
});

describe('an engine of our own', () => {
  it('leaves the bridge and the rules of an engine beside it alone, also when it starts again', async () => {
    const foreign = 'docker0';
    const rules = [
      ['-t', 'filter', 'FORWARD', '-i', foreign, '!', '-o', foreign, '-j', 'ACCEPT'],
      ['-t', 'nat', 'POSTROUTING', '-s', '172.31.255.0/24', '!', '-o', foreign, '-j', 'MASQUERADE'],
    ] as const;
    const works = (program: string, args: readonly string[]): Promise<boolean> =>
      run(program, args).then(
        () => true,
        () => false,
      );
    const rule = (verb: string, [t = '', table = '', ...match]: readonly string[]): Promise<boolean> =>
      works('iptables', ['-w', t, table, verb, ...match]);
    const made = await works('ip', ['link', 'add', foreign, 'type', 'bridge']);
    let added = 0;
    try {
      for (const one of rules) added += (await rule('-A', one)) ? 1 : 0;
      const before = await hostState();
      const theirs = before.filter((line) => line.includes(foreign));
      expect(theirs.length).toBeGreaterThanOrEqual(added);
      for (let start = 0; start < 2; start += 1) await (await startEngine({ dir })).stop();
      await run('ip', ['link', 'show', foreign]);
      expect((await hostState()).filter((line) => line.includes(foreign))).toEqual(theirs);
      expect(await addedSince(before)).toEqual([]);
    } finally {
      for (const one of rules) await rule('-D', one);
      if (made) await run('ip', ['link', 'delete', foreign]);
    }
  });

  it('keeps networks apart, and lets containers of one network reach each other', async () => {
    const [range = ''] = await freeRanges(1);
    const engine = await startEngine({ dir, ranges: [range] });
    try {
      await busyboxImage(engine.host);
      const subnet = (number: number): string => range.replace('.0.0/16', `.${number}.0/24`);
      await docker(engine.host, 'network', 'create', '--subnet', subnet(1), 'one');
      await docker(engine.host, 'network', 'create', '--subnet', subnet(2), 'two');
      const address = subnet(1).replace('.0/24', '.9');
      const image = 'slipway-test/busybox:1';
      const serve = 'while true; do echo served | nc -l -p 80; done';
      const where = ['--network', 'one', '--ip', address];
      await docker(engine.host, 'run', '-d', ...where, image, 'sh', '-c', serve);
      const ask = (network: string): Promise<string> => {
        const command = `nc -w 2 ${address} 80 </dev/null`;
        return docker(engine.host, 'run', '--rm', '--network', network, image, 'sh', '-c', command);
      };
      expect(await waitFor('it serves', () => ask('one'))).toBe('served\n');
      await expect(ask('two')).rejects.toThrow('timed out');
    } finally {
      await engine.stop();
    }
  });

  it('of its own life is found again by its folder, with its containers, until it is stopped', async () => {
    const engine = await startEngine({ dir, life: 'own' });
    await busyboxImage(engine.host);
    await docker(engine.host, 'run', '-d', '--name', 'app', 'slipway-test/busybox:1', 'sleep', '600');
    const again = await startEngine({ dir, life: 'own' });
    expect(again.pid).toBe(engine.pid);
    expect(await docker(again.host, 'ps', '--format', '{{.Names}}')).toBe('app\n');
    await stopEngine(dir);
    expect(await answers(engine.host)).toBe(false);
    expect(usersOf(dir)).toEqual([]);
  });
});

describe('ranges of addresses', () => {
  it('are given to one process only, until it gives them back or ends', async () => {
    const all: string[] = [];
    try {
      for (;;) all.push(...(await freeRanges(1)));
    } catch (error) {
      expect(String(error)).toContain('10.128.0.0/10');
    }
    expect(new Set(all).size).toBe(all.length);
    giveBack(all.slice(0, 1));
    expect(await freeRanges(1)).toEqual(all.slice(0, 1));
    giveBack(all);
  });
});

describe('a Redis of our own', () => {
  it('comes back after kill -9 with everything it had answered for', async () => {
    const first = await startRedis({ dir });
    await ask(first.socket, 'SET kept yes');
    process.kill(first.pid, 'SIGKILL');
    await waitFor('it is dead', () => !isAlive(first.pid));
    const second = await startRedis({ dir });
    expect(await ask(second.socket, 'GET kept')).toBe('$3\r\nyes\r\n');
    expect(await ask(second.socket, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    expect(await ask(second.socket, 'CONFIG GET appendfsync')).toContain('always');
    await second.stop();
    await first.stop();
  });

  it('works in a folder whose name is too long for a socket', async () => {
    const redis = await startRedis({ dir: path.join(dir, 'x'.repeat(120)) });
    expect(await ask(redis.socket, 'PING')).toBe('+PONG\r\n');
    await redis.stop();
    expect(existsSync(path.dirname(redis.socket))).toBe(false);
  });
});

describe('a registry of our own', () => {
  it('keeps its address between starts, because image names hold it', async () => {
    const first = await startRegistry({ dir, life: 'own' });
    await stopRegistry(dir);
    const second = await startRegistry({ dir, life: 'own' });
    expect(second.host).toBe(first.host);
    await stopRegistry(dir);
  });

  it('asks for the password where it was given one', async () => {
    // htpasswd -nbB ann secret
    const htpasswd = 'ann:$2y$05$3o6DxLOeZFPXYjNJsEwzsO5pxIkSdXhRpZF1DYoO0cNgLQmrzVO6C';
    const registry = await startRegistry({ dir, htpasswd });
    expect((await fetch(`${registry.url}/v2/`)).status).toBe(401);
    await registry.stop();
    expect(await readFile(path.join(dir, 'htpasswd'), 'utf8')).toBe(`${htpasswd}\n`);
  });
});

async function docker(host: string, ...args: string[]): Promise<string> {
  return (await run('docker', args, { env: { ...process.env, DOCKER_HOST: host } })).stdout;
}

/** Processes that name the folder on their command line, vitest's own apart. */
const usersOf = (folder: string): number[] => findProcesses('cmdline', (text) => text.includes(folder));

/**
 * What a part may leave on the host beside files and processes: bridges, mounts, packet filter rules. Networks of
 * builds (`br-…`) come and go with whatever other engine is at work meanwhile: they are not listed.
 */
async function hostState(): Promise<string[]> {
  const links = (await run('ip', ['-o', 'link'])).stdout.match(/(?<=: )slip[^:@]+/g) ?? [];
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(dir));
  const { stdout } = await run('iptables-save', []).catch(() => ({ stdout: '' }));
  return [...links, ...mounts, ...rulesOf(stdout)];
}

/** What is there now and was not before; parts of an earlier test may still be going. */
async function addedSince(before: readonly string[]): Promise<string[]> {
  return (await hostState()).filter((line) => !before.includes(line));
}

const rulesOf = (saved = ''): string[] =>
  saved.split('\n').filter((line) => line.startsWith('-A') && !line.includes(' br-'));

/** One inline command; the raw reply. */
async function ask(socket: string, command: string): Promise<string> {
  const client = net.connect(socket);
  client.write(`${command}\r\n`);
  const [reply] = (await once(client, 'data')) as [Buffer];
  client.destroy();
  return reply.toString();
}
