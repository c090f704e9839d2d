import { createHash, createHmac } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { QueueAccess, QueueLogin, QueueUser } from '../ports/queue-access.ts';
import { connectRedis, hideCommand, QUEUE_PREFIX } from './bullmq-queue.ts';
import { watchRedis } from './watch-redis.ts';

export interface RedisUsersOptions {
  /** As REDIS_URL, of a Redis user that may run `ACL`. */
  readonly url: string;
  /** Told once for each connection, with what Redis says, when this user may not run `ACL`. */
  readonly onRefused: (cause: string) => void;
  /** The connection failed, told once and tried again by itself; or a user could not be made. */
  readonly onError: (error: unknown) => void;
}

/**
 * What BullMQ's worker and its Lua scripts run: each touches the keys that it names. None lists keys (KEYS, SCAN and
 * RANDOMKEY ask for no key, so a pattern would not hold them), none is about the server.
 */
export const QUEUE_COMMANDS: readonly string[] = [
  ...['evalsha', 'eval', 'info', 'ping', 'client|setname', 'bzpopmin', 'time', 'type'],
  ...['exists', 'del', 'unlink', 'get', 'set', 'incr', 'persist', 'pexpire', 'pexpireat', 'pttl'],
  ...['hdel', 'hexists', 'hget', 'hgetall', 'hincrby', 'hlen', 'hmget', 'hmset', 'hset'],
  ...['lindex', 'llen', 'lpos', 'lpush', 'lrange', 'lrem', 'ltrim', 'rpop', 'rpoplpush', 'rpush'],
  ...['sadd', 'scard', 'sismember', 'smembers', 'srem'],
  ...['zadd', 'zcard', 'zcount', 'zlexcount', 'zpopmin', 'zrange', 'zrangebylex', 'zrangebyscore'],
  ...['zrem', 'zremrangebyrank', 'zremrangebyscore', 'zrevrange', 'zrevrangebyscore', 'zscore'],
  ...['xadd', 'xdel', 'xlen', 'xrange', 'xtrim'],
];

const ANSWER_MS = 2_000;
/** How often users are made and removed again: also for what others changed in Redis. */
const CATCH_UP_MS = 60_000;

/**
 * A Redis user (`ACL`, Redis 6 or later) for each worker. Redis keeps users in memory: they are made anew after its start,
 * and every minute.
 */
export function createRedisUsers({ url, onRefused, onError }: RedisUsersOptions): QueueAccess {
  const redis = connectRedis(url);
  watchRedis(redis, onError);
  const admitted = new Map<string, readonly string[]>();
  /** Those of the admitted whose user could not be made when they were: the next time tries again, and so does Redis's start. */
  const unmade = new Set<string>();
  const expelled = new Set<string>();
  let isRefused = false;
  redis.on('ready', () => {
    isRefused = false;
    void catchUp().catch(onError);
  });
  const timer = setInterval(() => {
    if (redis.status === 'ready') void catchUp().catch(onError);
  }, CATCH_UP_MS);

  /** Looks at each worker when its turn comes: it may have been expelled or admitted meanwhile. */
  async function catchUp(): Promise<void> {
    for (const workerId of [...expelled])
      if (expelled.has(workerId) && (await drop(workerId))) expelled.delete(workerId);
    for (const workerId of [...admitted.keys()]) {
      const rules = admitted.get(workerId);
      if (rules === undefined) continue;
      await run(rules);
      unmade.delete(workerId);
    }
  }

  /** False: this user may not. @throws Error while Redis is away, for the caller to forget. */
  async function run(rules: readonly string[]): Promise<boolean> {
    if (isRefused) return false;
    try {
      await soon(redis, ['SETUSER', ...rules]);
      return true;
    } catch (error) {
      if (error instanceof Error) hideCommand(error);
      if (!isRefusal(error)) throw error;
      isRefused = true;
      onRefused((error as Error).message);
      return false;
    }
  }

  async function drop(workerId: string): Promise<boolean> {
    if (redis.status !== 'ready') return false;
    await soon(redis, ['DELUSER', userOf(workerId)]).catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
    });
    return true;
  }

  return {
    async admit(user) {
      const login = loginOf(user);
      const rules = rulesOf(user, login);
      const known = admitted.get(user.workerId);
      const isNew = unmade.has(user.workerId) || known?.join(' ') !== rules.join(' ');
      expelled.delete(user.workerId);
      admitted.set(user.workerId, rules);
      if (redis.status !== 'ready' || !isNew) return isRefused ? null : login;
      unmade.add(user.workerId);
      try {
        const isMade = await run(rules);
        unmade.delete(user.workerId);
        return isMade ? login : null;
      } catch (error) {
        onError(error);
        return login;
      }
    },
    async expel(workerId) {
      admitted.delete(workerId);
      unmade.delete(workerId);
      if (await drop(workerId).catch(() => false)) return;
      expelled.add(workerId);
    },
    close() {
      clearInterval(timer);
      redis.disconnect();
    },
  };
}

const userOf = (workerId: string): string => `slipway-${workerId}`;

function loginOf({ workerId, bearer }: QueueUser): QueueLogin {
  const password = createHmac('sha256', bearer).update('queue').digest('base64url');
  return { username: userOf(workerId), password };
}

/** From nothing to what the worker needs, whatever the user was before. Only the password's hash is sent. */
function rulesOf({ queues }: QueueUser, { username, password }: QueueLogin): readonly string[] {
  const hash = createHash('sha256').update(password).digest('hex');
  const keys = queues.map((queue) => `~${QUEUE_PREFIX}:${queue}:*`);
  return [username, 'reset', 'on', `#${hash}`, ...keys, ...QUEUE_COMMANDS.map((command) => `+${command}`)];
}

/** No right to run it, or a Redis that has no users. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(NOPERM|ERR unknown command)/i.test(error.message);
}

/** @throws Error as Redis answers, or when it is away or does not answer in time. */
async function soon(redis: Redis, words: readonly string[]): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Redis has not answered for ${ANSWER_MS} ms`)),
    ANSWER_MS,
  );
  const asked = redis.call('ACL', ...words);
  asked.catch(() => undefined);
  return Promise.race([asked, late.promise]).finally(() => clearTimeout(timer));
}

/** Whether this connection's user may make users; null for a Redis without them. */
export async function mayMakeUsers(redis: Redis): Promise<boolean | null> {
  try {
    await soon(redis, ['USERS']);
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error instanceof Error && error.message.startsWith('NOPERM') ? false : null;
  }
}
