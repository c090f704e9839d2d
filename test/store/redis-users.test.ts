import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobData } from '../../src/core/work.ts';
import type { QueueAccess, QueueLogin } from '../../src/ports/queue-access.ts';
import { checkRedis } from '../../src/doctor/redis.ts';
import { connectRedis, createBullmqQueue, type BullmqQueue } from '../../src/queue/bullmq-queue.ts';
import { createRedisUsers, mayMakeUsers } from '../../src/queue/redis-users.ts';
import { takeJobs } from '../../worker/take-jobs.ts';

let folder = '';
let redis: ChildProcess;
let url = '';
let admin: Redis;
let queue: BullmqQueue;
let users: QueueAccess;
let refused: string[] = [];
const ends: (() => Promise<unknown> | void)[] = [];

const ada = { workerId: 'wrk_ada', bearer: 'token-of-ada', queues: ['worker-wrk_ada', 'deploy-local'] };
const bob = { workerId: 'wrk_bob', bearer: 'token-of-bob', queues: ['worker-wrk_bob'] };
const job = (id: string): JobData => ({ kind: 'workflow', id, attempt: 1 });

async function startRedis(): Promise<void> {
  const options = ['--port', '0', '--unixsocket', path.join(folder, 'redis.sock'), '--dir', folder];
  redis = spawn('redis-server', [...options, '--appendonly', 'yes', '--save', ''], { stdio: 'ignore' });
  await vi.waitFor(() => expect(admin.status).toBe('ready'), 5_000);
}

async function stopRedis(): Promise<void> {
  const exit = once(redis, 'exit');
  redis.kill('SIGKILL');
  await exit;
  await vi.waitFor(() => expect(admin.status).not.toBe('ready'), 5_000);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-redis-'));
  url = `unix://${path.join(folder, 'redis.sock')}`;
  admin = connectRedis(url);
  admin.on('error', () => undefined);
  await startRedis();
});
afterAll(async () => {
  await stopRedis();
  admin.disconnect();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  refused = [];
  queue = createBullmqQueue({ url, onError: () => undefined });
  users = createRedisUsers({ url, onRefused: (cause) => refused.push(cause), onError: () => undefined });
  await vi.waitFor(() => expect(queue.isReady()).toBe(true));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  users.close();
  await queue.close();
  await admin.flushall();
  // Users are no keys.
  for (const { workerId } of [ada, bob]) await admin.call('ACL', 'DELUSER', `slipway-${workerId}`);
});

async function admitted(user: typeof ada): Promise<QueueLogin> {
  const login = await users.admit(user);
  if (login === null) throw new Error('no login');
  return login;
}

/** A worker's process at these queues, with its own login; what fails there is kept. */
function working(queues: readonly string[], login: QueueLogin, takeMs = 0) {
  const taken: string[] = [];
  const errors: string[] = [];
  const connection = connectRedis(url, 'consumer', login);
  const note = (error: Error): void => void errors.push(`${error.message} ${JSON.stringify(error)}`);
  connection.on('error', note);
  const take = async ({ id }: JobData): Promise<void> => {
    taken.push(id);
    await sleep(takeMs);
    if (id.includes('bad')) throw new Error('the claim failed');
  };
  const stops = queues.map((name) => takeJobs(name, connection, take, note));
  ends.push(async () => {
    await Promise.all(stops.map((stop) => stop()));
    connection.disconnect();
  });
  return { taken, errors };
}

/** What Redis answers to a client with this login. */
async function ask(login: QueueLogin, ...words: [string, ...string[]]): Promise<unknown> {
  const client = connectRedis(url, 'consumer', login);
  client.on('error', () => undefined);
  try {
    const late = sleep(3_000, 'no answer', { ref: false });
    return await Promise.race([client.call(...words).catch((error: Error) => error.message), late]);
  } finally {
    client.disconnect();
  }
}

describe("a worker's own user", () => {
  it('takes the jobs of its queues, whatever becomes of them, and misses no command for it', async () => {
    const { taken, errors } = working(ada.queues, await admitted(ada), 200);
    for (const id of ['wfl_1', 'wfl_bad', 'wfl_2']) await queue.add('worker-wrk_ada', job(id));
    await queue.add('deploy-local', job('dep_1'));
    await queue.add('worker-wrk_ada', job('wfl_gone'));
    await queue.remove('worker-wrk_ada', job('wfl_gone'));
    await expect.poll(() => taken).toEqual(expect.arrayContaining(['wfl_1', 'wfl_bad', 'wfl_2', 'dep_1']));
    // Longer than BullMQ needs to look for stalled jobs and to extend its locks.
    await sleep(6_000);
    expect(errors).toEqual([]);
    expect(await admin.keys('slipway:worker-wrk_ada:wfl_*')).toEqual([]);
  });

  it('reaches nothing of another worker, not by a script either', async () => {
    await queue.add('worker-wrk_bob', job('wfl_1'));
    const login = await admitted(ada);
    const key = 'slipway:worker-wrk_bob:wfl_1-1';
    expect(await admin.hget(key, 'name')).toBe('workflow');
    const script = `return redis.call('HGETALL', '${key}')`;
    const attempts: readonly [string, ...string[]][] = [
      ['HGETALL', key],
      ['DEL', key],
      ['LRANGE', 'slipway:worker-wrk_bob:wait', '0', '-1'],
      ['BZPOPMIN', 'slipway:worker-wrk_bob:marker', '1'],
      ['RPOPLPUSH', 'slipway:worker-wrk_bob:wait', 'slipway:worker-wrk_ada:wait'],
      ['EVAL', script, '0'],
      ['EVAL', "return redis.call('HGETALL', KEYS[1])", '1', key],
    ];
    for (const words of attempts)
      expect(await ask(login, ...words), words.join(' ')).toMatch(
        /NOPERM|can't access at least one of the keys/,
      );
    expect(await admin.hget(key, 'name')).toBe('workflow');
    expect(await ask(login, 'HGETALL', 'slipway:worker-wrk_ada:meta')).toEqual(expect.anything());
  });

  it.each([
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['RANDOMKEY'],
    ['DBSIZE'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['SWAPDB', '0', '1'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['ACL', 'WHOAMI'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['SCRIPT', 'FLUSH'],
    ['FUNCTION', 'LIST'],
    ['MONITOR'],
    ['SHUTDOWN'],
    ['REPLICAOF', 'no', 'one'],
    ['SUBSCRIBE', 'any'],
    ['PUBLISH', 'any', 'x'],
    ['EVAL', "return redis.call('FLUSHALL')", '0'],
    ['EVAL', "return redis.call('KEYS', '*')", '0'],
  ] as [string, ...string[]][])('may not %s %s', async (...words) => {
    await admin.set('slipway:canary', 'alive');
    expect(await ask(await admitted(ada), ...words)).toMatch(/NOPERM|can't run this command|no permissions/);
    expect(await admin.get('slipway:canary')).toBe('alive');
  });

  it('is there again, and takes jobs again, after Redis lost it', async () => {
    const { taken } = working(bob.queues, await admitted(bob));
    await queue.add('worker-wrk_bob', job('wfl_1'));
    await expect.poll(() => taken).toEqual(['wfl_1']);
    await stopRedis();
    await startRedis();
    await expect.poll(() => queue.isReady()).toBe(true);
    await queue.add('worker-wrk_bob', job('wfl_2'));
    await expect.poll(() => taken, { timeout: 10_000 }).toEqual(['wfl_1', 'wfl_2']);
  });

  it('is made when Redis comes, for one that registered while it was away', async () => {
    await stopRedis();
    const login = await admitted(bob);
    await startRedis();
    await expect.poll(() => ask(login, 'PING')).toBe('PONG');
  });

  it('is made when Redis comes, for ones that registered while it went away', async () => {
    let [isGone, more] = [false, 20];
    const exit = once(redis, 'exit').then(() => (isGone = true));
    redis.kill('SIGKILL');
    const logins: Promise<QueueLogin | null>[] = [];
    for (let n = 0; !isGone || more > 0; n += 1) {
      if (isGone) more -= 1;
      logins.push(users.admit({ ...bob, workerId: `wrk_going_${n}` }));
      await nextTurn();
    }
    await exit;
    await vi.waitFor(() => expect(admin.status).not.toBe('ready'));
    await startRedis();
    for (const login of await Promise.all(logins)) {
      if (login === null) throw new Error('no login');
      await expect.poll(() => ask(login, 'PING')).toBe('PONG');
      await admin.call('ACL', 'DELUSER', login.username);
    }
  });

  it('follows the queues of its worker', async () => {
    const login = await admitted(ada);
    expect(await ask(login, 'LLEN', 'slipway:deploy-local:wait')).toBe(0);
    expect(await admitted({ ...ada, queues: ['worker-wrk_ada'] })).toEqual(login);
    expect(await ask(login, 'LLEN', 'slipway:deploy-local:wait')).toMatch('NOPERM');
    expect(await ask(login, 'LLEN', 'slipway:worker-wrk_ada:wait')).toBe(0);
  });

  it('is gone with the token: open connections are cut, and the password lets nobody in', async () => {
    const login = await admitted(ada);
    const { taken, errors } = working(ada.queues, login);
    await queue.add('worker-wrk_ada', job('wfl_1'));
    await expect.poll(() => taken).toEqual(['wfl_1']);
    await users.expel(ada.workerId);
    await queue.add('worker-wrk_ada', job('wfl_2'));
    await expect.poll(() => errors.filter((one) => one.startsWith('WRONGPASS')).length).toBeGreaterThan(1);
    // What is told of an error goes into a log.
    expect(errors.join()).not.toContain(login.password);
    expect(await admin.call('ACL', 'GETUSER', login.username)).toBeNull();
    expect(taken).toEqual(['wfl_1']);
    const next = await admitted({ ...ada, bearer: 'the next token' });
    expect(next.password).not.toBe(login.password);
    expect(await ask(next, 'PING')).toBe('PONG');
  });

  it('is there again within a minute after somebody removed it, until the server ends', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    ends.push(() => void vi.useRealTimers());
    const own = createRedisUsers({
      url,
      onRefused: (cause) => refused.push(cause),
      onError: () => undefined,
    });
    ends.push(() => own.close());
    const login = await own.admit(ada);
    const username = login?.username ?? '';
    await expect.poll(() => admin.call('ACL', 'GETUSER', username)).not.toBeNull();
    await admin.call('ACL', 'DELUSER', username);
    vi.advanceTimersByTime(59_000);
    expect(await admin.call('ACL', 'GETUSER', username)).toBeNull();
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => admin.call('ACL', 'GETUSER', username)).not.toBeNull();
    own.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that could not be removed while Redis was away is removed when it is back', async () => {
    await admin.config('SET', 'save', '');
    const { username } = await admitted(ada);
    redis.kill('SIGSTOP');
    const expelled = users.expel(ada.workerId);
    await sleep(2_500);
    redis.kill('SIGCONT');
    await expelled;
    await expect.poll(() => admin.call('ACL', 'GETUSER', username)).toBeNull();
  });
});

describe('a login beside a URL with a password', () => {
  let guarded: ChildProcess;
  let port = 0;
  beforeAll(async () => {
    port = await freePort();
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    guarded = spawn('redis-server', [...options, '--requirepass', 'secret'], { stdio: 'ignore' });
  });
  afterAll(async () => {
    const exit = once(guarded, 'exit');
    guarded.kill('SIGKILL');
    await exit;
  });

  it.each([
    [':secret@', ''],
    ['default:secret@', ''],
    ['', '?password=secret'],
  ])('is the one that holds, at redis://%s…%s', async (before, after) => {
    const address = `redis://${before}127.0.0.1:${port}/0${after}`;
    const owner = connectRedis(`redis://:secret@127.0.0.1:${port}`, 'consumer');
    owner.on('error', () => undefined);
    ends.push(() => owner.disconnect());
    await owner.call('ACL', 'SETUSER', 'ada', 'on', '>own', '~*', '+@all');
    const client = connectRedis(address, 'consumer', { username: 'ada', password: 'own' });
    client.on('error', () => undefined);
    ends.push(() => client.disconnect());
    expect(await client.call('ACL', 'WHOAMI')).toBe('ada');
    const plain = connectRedis(address, 'consumer');
    plain.on('error', () => undefined);
    ends.push(() => plain.disconnect());
    expect(await plain.call('ACL', 'WHOAMI')).toBe('default');
  });
});

describe('a server that may not run ACL', () => {
  it('says so once, gives no logins, and its doctor knows', async () => {
    await admin.call('ACL', 'SETUSER', 'limited', 'on', '>secret', '~*', '&*', '+@all', '-acl');
    const limited = new Redis({
      path: path.join(folder, 'redis.sock'),
      username: 'limited',
      password: 'secret',
    });
    ends.push(() => limited.disconnect());
    expect(await mayMakeUsers(limited)).toBe(false);
    expect(await mayMakeUsers(admin)).toBe(true);
    const tcp = `redis://limited:secret@127.0.0.1:${await openPort()}`;
    const own = createRedisUsers({
      url: tcp,
      onRefused: (cause) => refused.push(cause),
      onError: () => undefined,
    });
    ends.push(() => own.close());
    await expect.poll(() => own.admit(ada)).toBeNull();
    expect(await own.admit(bob)).toBeNull();
    expect(refused).toEqual([expect.stringContaining('NOPERM')]);
    await own.expel(ada.workerId);
    const { signal } = new AbortController();
    const unfit = await checkRedis(async () => tcp).run(signal);
    expect(unfit).toMatchObject({
      verdict: 'warn',
      fix: expect.stringContaining('may not run ACL') as unknown,
    });
    const fit = await checkRedis(async () => url).run(signal);
    expect(JSON.stringify(fit)).not.toContain('ACL');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Lets this Redis listen on a port of the loopback too. */
async function openPort(): Promise<number> {
  for (let port = 21_000 + (process.pid % 9_000); ; port += 1)
    if ((await admin.config('SET', 'port', String(port)).catch(() => null)) === 'OK') return port;
}
