import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { JobData } from '../../src/core/work.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import { createBullmqQueue, QUEUE_PREFIX } from '../../src/queue/bullmq-queue.ts';

let folder = '';
let redis: ChildProcess;
let socket = '';
let queue: JobQueue;
let ready = 0;
let unfit: readonly string[] = [];
let worker: Worker<JobData> | null = null;

async function startRedis(): Promise<void> {
  redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  });
  const client = new Redis({ path: socket, lazyConnect: true, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await client.connect().catch(() => undefined);
  await vi.waitFor(() => expect(client.status).toBe('ready'));
  client.disconnect();
}

async function stopRedis(): Promise<void> {
  const exit = once(redis, 'exit');
  redis.kill('SIGKILL');
  await exit;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-redis-'));
  socket = path.join(folder, 'redis.sock');
  await startRedis();
});
afterAll(async () => {
  await stopRedis();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  ready = 0;
  queue = createBullmqQueue({
    url: `unix://${socket}`,
    onReady: () => (ready += 1),
    onUnfit: (complaints) => (unfit = complaints),
    onError: () => undefined,
  });
  await vi.waitFor(() => expect(ready).toBeGreaterThan(0));
});
afterEach(async () => {
  await worker?.close(true);
  worker = null;
  await queue.close();
});

/** Takes the jobs of a queue as a worker's process does. */
function taking(name: string): JobData[] {
  const taken: JobData[] = [];
  worker = new Worker<JobData>(
    name,
    async (job) => {
      taken.push(job.data);
    },
    { connection: { path: socket, maxRetriesPerRequest: null }, prefix: QUEUE_PREFIX },
  );
  worker.on('error', () => undefined);
  return taken;
}
const job = (id: string, attempt = 1): JobData => ({ kind: 'workflow', id, attempt });

it('wakes the worker of the queue, once for the same subject and attempt', async () => {
  await queue.add('worker-a', job('wfl_1'));
  await queue.add('worker-a', job('wfl_1'));
  await queue.add('worker-b', job('wfl_2'));
  const taken = taking('worker-a');
  await queue.add('worker-a', job('wfl_1', 2));
  await expect.poll(() => taken).toEqual([job('wfl_1'), job('wfl_1', 2)]);
});

it('says what a Redis lacks that keeps nothing on disk', async () => {
  await expect.poll(() => unfit).toEqual([expect.stringContaining('appendonly is no')]);
});

it('may be told the same job again after it was taken', async () => {
  const taken = taking('worker-c');
  await queue.add('worker-c', job('wfl_1'));
  await expect.poll(() => taken).toHaveLength(1);
  await queue.add('worker-c', job('wfl_1'));
  await expect.poll(() => taken).toHaveLength(2);
});

it('forgets a job, and is silent about one that is not there', async () => {
  await queue.add('worker-d', job('wfl_1'));
  await queue.remove('worker-d', job('wfl_1'));
  await queue.remove('worker-d', job('wfl_9'));
  await queue.add('worker-d', job('wfl_2'));
  const taken = taking('worker-d');
  await expect.poll(() => taken).toEqual([job('wfl_2')]);
});

it('rejects soon while Redis is away, and tells when it is back', async () => {
  await stopRedis();
  const asked = performance.now();
  try {
    for (let tries = 0; tries < 5; tries += 1)
      await expect(queue.add('worker-e', job('wfl_1'))).rejects.toThrow();
    expect(performance.now() - asked).toBeLessThan(3_000);
  } finally {
    await startRedis();
  }
  await expect.poll(() => ready, { timeout: 5_000 }).toBe(2);
  await queue.add('worker-e', job('wfl_1'));
  const taken = taking('worker-e');
  await expect.poll(() => taken).toEqual([job('wfl_1')]);
});

it('rejects while Redis is frozen, and works again once it is not', async () => {
  await queue.add('worker-f', job('wfl_1'));
  redis.kill('SIGSTOP');
  const asked = performance.now();
  try {
    await expect(queue.add('worker-f', job('wfl_2'))).rejects.toThrow();
    expect(performance.now() - asked).toBeLessThan(5_000);
  } finally {
    redis.kill('SIGCONT');
  }
  await queue.add('worker-f', job('wfl_3'));
  const taken = taking('worker-f');
  await expect.poll(() => taken).toContainEqual(job('wfl_3'));
});
