import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JobData } from '../src/core/work.ts';
import { TIMES } from '../config/times.ts';
import { hideCommand, QUEUE_PREFIX } from '../src/queue/bullmq-queue.ts';

/** Jobs that may be in their claim at once; how many run is for the server to say. */
const CLAIMS_AT_ONCE = 64;

/**
 * Takes the jobs of a queue. A job is only the wake-up: it is over when `take` has claimed it, so a queue that
 * stalls, repeats or forgets jobs changes nothing. Work stands under the server's lease alone.
 * Returns the function that stops taking.
 */
export function takeJobs(
  queue: string,
  connection: Redis,
  take: (job: JobData) => Promise<void>,
  onError: (error: Error) => void,
): () => Promise<void> {
  const worker = new Worker<JobData>(queue, async (job) => take(job.data), {
    connection,
    prefix: QUEUE_PREFIX,
    concurrency: CLAIMS_AT_ONCE,
    lockDuration: TIMES.lease,
    stalledInterval: TIMES.heartbeat,
    maxStalledCount: 0,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  // Of BullMQ's second connection too, which is not ours.
  worker.on('error', hideCommand).on('error', onError);
  return () => worker.close(true);
}
