import { TIMES } from '../../config/times.ts';
import type { Clock } from '../ports/clock.ts';

export interface WatchDeps {
  readonly clock: Clock;
  /** Whether the record is known not to answer: no heartbeat is heard meanwhile. */
  readonly isAway: () => boolean;
  readonly expire: () => Promise<void>;
  readonly reconcile: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const TICK_MS = TIMES.lease / 15;
/** A tick this late means that the server itself was away (frozen, or its machine asleep). */
const AWAY_MS = TIMES.lease / 3;

/**
 * The timers of the record. Leases expire only while the server was there to hear their heartbeats: after its
 * start, and after a time in which it was frozen or the record took nothing, it waits one full lease first.
 */
export function createWatch({ clock, isAway, expire, reconcile, onError }: WatchDeps) {
  let timer: NodeJS.Timeout | undefined;
  let busy: Promise<void> = Promise.resolve();
  let lastLook = clock.nowMs();
  let listensSince = lastLook;
  let reconciledAt = 0;

  /** Notices when the server itself was away, whoever looks first. */
  function look(): number {
    const now = clock.nowMs();
    if (now - lastLook > AWAY_MS || isAway()) listensSince = now;
    lastLook = now;
    return now;
  }

  async function tick(): Promise<void> {
    const now = look();
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
    /** Since when (epoch ms) the server hears what is said to it, without a break. */
    listensSince(this: void): number {
      look();
      return listensSince;
    },
    /** What a worker said could not be recorded, and not by its own fault. */
    missed(this: void): void {
      lastLook = listensSince = clock.nowMs();
    },
    start(this: void): void {
      lastLook = listensSince = clock.nowMs();
      timer = setTimeout(run, 0);
    },
    async stop(this: void): Promise<void> {
      clearTimeout(timer);
      timer = undefined;
      await busy;
    },
  };
}
