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
  let isAway = false;
  const reached = Promise.withResolvers<void>();
  redis.on('error', (error: unknown) => {
    if (isAway) return;
    isAway = true;
    onAway(error);
  });
  redis.on('ready', () => {
    reached.resolve();
    if (!isAway) return;
    isAway = false;
    onBack();
  });
  return { isAway: () => isAway, reached: reached.promise };
}
