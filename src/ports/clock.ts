/** Wall-clock time, epoch ms. For time-outs inside one process use timers; this is for the record. */
export interface Clock {
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
