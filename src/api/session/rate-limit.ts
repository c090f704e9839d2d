import type { Clock } from '../../ports/clock.ts';

/** Counts by key within a sliding time; in memory, so a restart forgets. */
export interface RateLimit {
  /** Counts a try and gives 0, or gives the seconds until there may be one. Tries at the same time count each. */
  take(key: string): number;
  /** Takes the newest try back: it is none of those that are limited. */
  giveBack(key: string): void;
}

const MOST_KEYS = 10_000;

/** @param most How many within `withinMs` are let through. */
export function createRateLimit({
  most,
  withinMs,
  clock,
}: {
  most: number;
  withinMs: number;
  clock: Clock;
}): RateLimit {
  const times = new Map<string, readonly number[]>();
  const keep = (key: string, kept: readonly number[]): void => {
    times.delete(key);
    if (kept.length > 0) times.set(key, kept);
    const oldest = times.keys().next().value;
    if (times.size > MOST_KEYS && oldest !== undefined) times.delete(oldest);
  };
  return {
    take: (key) => {
      const now = clock.nowMs();
      const recent = (times.get(key) ?? []).filter((time) => time > now - withinMs);
      const [first] = recent;
      if (first !== undefined && recent.length >= most)
        return Math.max(1, Math.ceil((first + withinMs - now) / 1_000));
      keep(key, [...recent, now]);
      return 0;
    },
    giveBack: (key) => keep(key, (times.get(key) ?? []).slice(0, -1)),
  };
}
