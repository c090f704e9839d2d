import { setTimeout as sleep } from 'node:timers/promises';

/** How many deliveries within `windowMs` are a flood, and how long work then steps aside. */
export const FLOOD = { most: 40, windowMs: 200, asideMs: 400 } as const;

/**
 * Lets answering come before working: while deliveries pour in, work on them waits a little before each piece, so
 * that it goes on slowly and the Git host gets its answers in time. A few deliveries slow nothing down.
 */
export function createGiveWay(nowMs: () => number = () => performance.now()): {
  /** A delivery came. */
  readonly note: () => void;
  /** Resolves at once, or after `asideMs` during a flood. */
  readonly pass: (signal: AbortSignal) => Promise<void>;
} {
  let windowStart = 0;
  let count = 0;
  let floodUntil = 0;
  return {
    note: () => {
      const now = nowMs();
      if (now - windowStart > FLOOD.windowMs) [windowStart, count] = [now, 0];
      count++;
      if (count > FLOOD.most) floodUntil = now + FLOOD.windowMs;
    },
    pass: async (signal) => {
      if (nowMs() >= floodUntil) return;
      await sleep(FLOOD.asideMs, undefined, { signal }).catch(() => undefined);
    },
  };
}
