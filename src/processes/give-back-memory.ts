import { performance } from 'node:perf_hooks';

/** Share of the time between two looks that a process at rest is busy for at most. */
const REST_SHARE = 0.05;
/** What a process holds more than at its last collection, in bytes, from which on one is worth its pause. */
const WORTH_BYTES = 8_000_000;

export interface GiveBackOptions {
  readonly everyMs: number;
}

/**
 * Has V8 give pages back to the system whenever this process is at rest after work that made it large; for as long as it runs.
 *
 * V8 keeps pages on which nothing is left until memory is scarce, or until its memory reducer runs. That one waits for a low
 * rate of allocation, which is worked out at collections only: a process that stops working has none any more, and keeps its
 * last, high rate for ever (`--trace-memory-reducer` says "high alloc" every 8 s). A server at rest held 240 MB so.
 *
 * See decision 0041. Does nothing where Node was started without `--expose-gc` (`config/node-flags.ts`).
 */
export function giveBackMemory({ everyMs }: GiveBackOptions): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  let seen = performance.eventLoopUtilization();
  let kept = 0;
  const look = async (): Promise<void> => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, seen);
    seen = now;
    if (utilization > REST_SHARE || process.memoryUsage.rss() < kept + WORTH_BYTES) return;
    await gc({ type: 'major', flavor: 'last-resort', execution: 'async' });
    kept = process.memoryUsage.rss();
  };
  setInterval(() => void look(), everyMs).unref();
}
