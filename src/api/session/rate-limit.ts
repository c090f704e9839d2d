import type { Clock } from '../../ports/clock.ts';

/** Counts by key within a sliding time; in memory, so a restart forgets. */
export interface RateLimit {
  count(key: string): void;
  /** Seconds until the key may try again; 0 when it may now. */
  waitSeconds(key: string): number;
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
  const times = new Map<string, number[]>();
  const recent = (key: string): number[] =>
    (times.get(key) ?? []).filter((time) => time > clock.nowMs() - withinMs);
  return {
    count: (key) => {
      const kept = [...recent(key), clock.nowMs()];
      times.delete(key);
      times.set(key, kept);
      const oldest = times.keys().next().value;
      if (times.size > MOST_KEYS && oldest !== undefined) times.delete(oldest);
    },
    waitSeconds: (key) => {
      const [first, ...others] = recent(key);
      if (first === undefined || others.length + 1 < most) return 0;
      return Math.max(1, Math.ceil((first + withinMs - clock.nowMs()) / 1_000));
    },
  };
}
