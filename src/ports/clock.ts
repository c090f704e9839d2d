/** Wall-clock time, epoch ms. For time-outs inside one process use timers; this is for the record. */
export interface Clock {
  nowMs(): number;
  /** From now on it shows `ms` at least. */
  notBefore?(ms: number): void;
}

/** The machine's clock, wherever it jumps. */
export const wallClock: Clock = { nowMs: () => Date.now() };

/** Further ahead than this it was shown a wrong time, which it does not keep. */
const MOST_AHEAD_MS = 24 * 3_600_000;

/** So much slower it goes while it is ahead of the machine's clock. */
const SLOW = 3 / 4;

/**
 * A clock that never goes back, though the machine's may be set back (`settimeofday`, a correction by NTP): from then on
 * it goes on from what it has shown, at {@link SLOW} of its speed until the two agree again. Forwards it follows at once.
 * So what the record has in order stays so, and what waits for a time waits no longer for it. Who would have to wait for more
 * than a day is shown the machine's time again: there it had jumped ahead before.
 * @param wallMs The machine's time, epoch ms.
 * @param elapsedMs A time that nobody sets, ms since whenever.
 */
export function steadyClock(wallMs: () => number, elapsedMs: () => number): Required<Clock> {
  let shown = -Infinity;
  let looked = elapsedMs();
  return {
    nowMs() {
      const [wall, elapsed] = [wallMs(), elapsedMs()];
      shown = Math.max(wall, shown + (elapsed - looked) * SLOW);
      if (shown - wall > MOST_AHEAD_MS) shown = wall;
      looked = elapsed;
      return Math.floor(shown);
    },
    notBefore(ms) {
      shown = Math.max(shown, ms);
    },
  };
}

export const systemClock: Required<Clock> = steadyClock(
  () => Date.now(),
  () => performance.now(),
);
