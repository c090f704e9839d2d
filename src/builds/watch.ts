import { TIMES } from '../../config/times.ts';
import type { Clock } from '../ports/clock.ts';

export interface WatchDeps {
  readonly clock: Clock;
  readonly expire: () => Promise<void>;
  readonly reconcile: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const TICK_MS = TIMES.lease / 15;
/** A tick this late means that the server itself was away (frozen, or its machine asleep). */
const AWAY_MS = TIMES.lease / 3;

/**
 * The timers of the record. Leases expire only while the server was there to hear their heartbeats: after its
 * start, and after a time in which it was frozen, it waits one full lease first.
 */
export function createWatch({ clock, expire, reconcile, onError }: WatchDeps) {
  let timer: NodeJS.Timeout | undefined;
  let busy: Promise<void> = Promise.resolve();
  let lastTick = 0;
  let listensSince = 0;
  let reconciledAt = 0;

  async function tick(): Promise<void> {
    const now = clock.nowMs();
    if (now - lastTick > AWAY_MS) listensSince = now;
    lastTick = now;
    if (now - listensSince >= TIMES.lease) await expire();
    if (now - reconciledAt < TIMES.reconciler) return;
    reconciledAt = now;
    await reconcile();
  }

  function run(): void {
    busy = tick()
      .catch(onError)
      .then(() => {
        if (timer !== undefined) timer = setTimeout(run, TICK_MS);
      });
  }

  return {
    start(this: void): void {
      lastTick = listensSince = clock.nowMs();
      timer = setTimeout(run, 0);
    },
    async stop(this: void): Promise<void> {
      clearTimeout(timer);
      timer = undefined;
      await busy;
    },
  };
}
