import type { Redis } from 'ioredis';

export interface RedisWatch {
  /** Whether the connection broke, or could not be made, and is not there again. */
  isAway(): boolean;
  /** Resolves once Redis could be used for the first time. */
  readonly reached: Promise<void>;
}

/**
 * Tells of a connection once that it broke or cannot be made, and once that it is there again, however often it is
 * tried in between.
 */
export function watchRedis(
  redis: Redis,
  onAway: (error: unknown) => void = () => undefined,
  onBack: () => void = () => undefined,
): RedisWatch {
  // All connections close when Redis ends; which of them is refused first afterwards is chance.
  let isAway = false;
  let isTold = false;
  const reached = Promise.withResolvers<void>();
  redis.on('close', () => {
    isAway = true;
  });
  redis.on('error', (error: unknown) => {
    isAway = true;
    if (isTold) return;
    isTold = true;
    onAway(error);
  });
  redis.on('ready', () => {
    reached.resolve();
    isAway = false;
    if (!isTold) return;
    isTold = false;
    onBack();
  });
  return { isAway: () => isAway, reached: reached.promise };
}
