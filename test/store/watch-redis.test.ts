import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createBullmqQueue, connectRedis, type BullmqQueue } from '../../src/queue/bullmq-queue.ts';
import { watchRedis } from '../../src/queue/watch-redis.ts';
import { takeJobs } from '../../worker/take-jobs.ts';

let folder = '';
let url = '';
let redis: ChildProcess | null = null;
let queue: BullmqQueue | null = null;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-redis-'));
  url = `unix://${folder}/redis.sock`;
});
afterEach(async () => {
  await queue?.close();
  queue = null;
  await stopRedis();
});
afterAll(() => rm(folder, { recursive: true }));

async function startRedis(): Promise<void> {
  const socket = path.join(folder, 'redis.sock');
  redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  });
  await sleep(200);
}

async function stopRedis(): Promise<void> {
  if (redis === null) return;
  const exit = once(redis, 'exit');
  redis.kill('SIGCONT');
  redis.kill('SIGKILL');
  await exit;
  redis = null;
}

/** Long enough for several tries. */
const A_WHILE_MS = 1_500;
const job = { kind: 'workflow', id: 'wfl_1', attempt: 1 } as const;

it('a server tells once that Redis is away, and once that it is back, from its start on', async () => {
  const told: string[] = [];
  queue = createBullmqQueue({
    url,
    onAway: () => told.push('away'),
    onBack: () => told.push('back'),
    onError: (error) => told.push(String(error)),
  });
  void queue.reached.then(() => told.push('reached'));
  await sleep(A_WHILE_MS);
  expect(told).toEqual(['away']);
  expect(await queue.answers()).toBe(false);

  await startRedis();
  await vi.waitFor(() => expect(told).toEqual(['away', 'back', 'reached']), 5_000);
  expect(await queue.answers()).toBe(true);
  for (const name of ['worker-a', 'worker-b']) await queue.add(name, job);

  await stopRedis();
  await sleep(A_WHILE_MS);
  expect(told.slice(3)).toEqual(['away']);
  await startRedis();
  await vi.waitFor(() => expect(told.slice(3)).toEqual(['away', 'back']), 5_000);
});

it('a Redis that is frozen does not answer, though it is connected', async () => {
  await startRedis();
  queue = createBullmqQueue({ url, onError: () => undefined });
  await queue.reached;
  redis?.kill('SIGSTOP');
  expect(queue.isReady()).toBe(true);
  expect(await queue.answers()).toBe(false);
  redis?.kill('SIGCONT');
  await vi.waitFor(async () => expect(await queue?.answers()).toBe(true), 5_000);
});

it('a worker on two queues tells it once, too', async () => {
  const told: string[] = [];
  const connection = connectRedis(url, 'consumer');
  const watch = watchRedis(
    connection,
    () => told.push('away'),
    () => told.push('back'),
  );
  const stops = ['one', 'two'].map((name) =>
    takeJobs(
      name,
      connection,
      async () => undefined,
      (error) => watch.isAway() || told.push(`${name}: ${error.message}`),
    ),
  );
  await sleep(A_WHILE_MS);
  expect(told).toEqual(['away']);
  await startRedis();
  await vi.waitFor(() => expect(told).toEqual(['away', 'back']), 5_000);
  await sleep(500);
  await stopRedis();
  await sleep(A_WHILE_MS);
  expect(told.slice(2)).toEqual(['away']);
  await startRedis();
  await vi.waitFor(() => expect(told.slice(2)).toEqual(['away', 'back']), 5_000);
  await Promise.all(stops.map((stop) => stop()));
  connection.disconnect();
});
