import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { JobData } from '../core/work.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { QueueLogin } from '../ports/queue-access.ts';
import { readRedisFacts, redisComplaints } from './check-redis.ts';
import { watchRedis } from './watch-redis.ts';

export interface BullmqOptions {
  /** `redis://…`, or `unix:///path` of its socket. */
  readonly url: string;
  /** Prefix of every key; two servers on one Redis need different ones. */
  readonly prefix?: string;
  /** Redis is reachable again after it was not: jobs may have been lost. */
  readonly onReady?: () => void;
  /** Told at each connection to a Redis that is not set as Slipway needs it. */
  readonly onUnfit?: (complaints: readonly string[]) => void;
  /** Told once when the connection broke or cannot be made; it is tried again by itself. */
  readonly onAway?: (error: unknown) => void;
  /** Told once when it is there again. */
  readonly onBack?: () => void;
  /** Something else failed. */
  readonly onError: (error: unknown) => void;
}

/** The prefix that server and workers share unless told otherwise. */
export const QUEUE_PREFIX = 'slipway';

/** Past this the dispatcher goes on without an answer. */
const ANSWER_MS = 2_000;

/** The job's id in BullMQ: the same subject and attempt is the same job. */
export function jobId({ id, attempt }: JobData): string {
  return `${id}-${attempt}`;
}

/**
 * Redis by URL or socket. A producer fails at once while Redis is away instead of holding jobs back in memory;
 * a consumer waits for it.
 * @param login Instead of what the URL has.
 */
export function connectRedis(
  url: string,
  role: 'producer' | 'consumer' = 'producer',
  login: QueueLogin | null = null,
): Redis {
  const options = {
    enableOfflineQueue: role === 'consumer',
    maxRetriesPerRequest: null,
    retryStrategy,
    ...login,
  };
  const redis = url.startsWith('unix://')
    ? new Redis({ ...options, path: url.slice('unix://'.length) })
    : new Redis(login === null ? url : withoutLogin(url), options);
  return redis.on('error', hideCommand);
}

/** Of a URL and options ioredis takes the URL's login. */
function withoutLogin(url: string): string {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  for (const name of ['username', 'password']) address.searchParams.delete(name);
  return address.href;
}

/**
 * Takes from an error the command that failed: ioredis hangs it there with its arguments, of a refused login the password,
 * and errors are logged.
 */
export function hideCommand(error: Error): void {
  if ('command' in error) Reflect.deleteProperty(error, 'command');
}

export interface BullmqQueue extends JobQueue {
  /** Whether Redis can be reached now. */
  isReady(): boolean;
  /** Whether it answers, and soon. */
  answers(): Promise<boolean>;
  /** Resolves once Redis could be used for the first time. */
  readonly reached: Promise<void>;
}

/** The job queue on BullMQ. Jobs are tried once: only the reconciler makes another attempt. */
export function createBullmqQueue(options: BullmqOptions): BullmqQueue {
  const { url, prefix, onReady, onUnfit, onAway, onBack, onError } = options;
  const connection = connectRedis(url);
  const watch = watchRedis(connection, onAway, onBack);
  if (onReady !== undefined) connection.on('ready', onReady);
  connection.on('ready', () => {
    void readRedisFacts(connection).then((facts) => {
      const complaints = redisComplaints(facts);
      if (complaints.length > 0) onUnfit?.(complaints);
    });
  });
  const queues = new Map<string, Queue>();
  /** A queue that was made while Redis went away never recovers: after a failure the next use makes a new one. */
  const use = async (name: string, act: (queue: Queue) => Promise<unknown>): Promise<void> => {
    demandReady(connection);
    const queue = queueOf(name);
    try {
      await answered(act(queue));
    } catch (error) {
      queues.delete(name);
      void queue.close().catch(onError);
      throw error;
    }
  };
  const queueOf = (name: string): Queue => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue(name, { connection, prefix: prefix ?? QUEUE_PREFIX, skipWaitingForReady: true });
    // Each queue says of the connection, too, that it is away.
    queue.on('error', (error) => void (watch.isAway() || onError(error)));
    queues.set(name, queue);
    return queue;
  };
  return {
    isReady: () => connection.status === 'ready',
    reached: watch.reached,
    async answers() {
      if (connection.status !== 'ready') return false;
      return answered(connection.ping()).then(
        () => true,
        () => false,
      );
    },
    add(name, job) {
      const kept = { attempts: 1, removeOnComplete: true, removeOnFail: true };
      return use(name, (queue) => queue.add(job.kind, job, { jobId: jobId(job), ...kept }));
    },
    remove: (name, job) => use(name, (queue) => queue.remove(jobId(job))),
    async close() {
      await answered(Promise.all([...queues.values()].map((queue) => queue.close()))).catch(onError);
      connection.disconnect();
    },
  };
}

/** @throws Error when Redis (frozen, or cut off without a word) does not answer in time. */
async function answered(asked: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Redis has not answered for ${ANSWER_MS} ms`)),
    ANSWER_MS,
  );
  // What comes after the deadline is nobody's: a job that does arrive is refused at its claim.
  asked.catch(() => undefined);
  await Promise.race([asked, late.promise]).finally(() => clearTimeout(timer));
}

/** BullMQ would wait for a connection that is being made; the dispatcher must not. */
function demandReady(connection: Redis): void {
  if (connection.status !== 'ready') throw new Error(`Redis is not reachable (${connection.status})`);
}

function retryStrategy(times: number): number {
  return Math.min(50 * times, 1_000);
}
