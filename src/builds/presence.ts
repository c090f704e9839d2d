import { TIMES } from '../../config/times.ts';
import type { Clock } from '../ports/clock.ts';

/** The processes of workers, as they were heard of last. In memory: it begins anew with the server. */
export interface Presence {
  /** A sign of life of a worker's process. */
  hear(workerId: string, instance: string): void;
  /** A process says that it ends: it does not count as connected any more, whatever is heard of it. */
  leave(workerId: string, instance: string): void;
  /**
   * Whether a process may be alive: it was heard of within the time of a lease, or the server has not listened for so
   * long yet.
   */
  mayLive(workerId: string, instance: string): boolean;
  /** Workers heard of within the time of a lease, by id, with their last sign of life (epoch ms). */
  connected(this: void): ReadonlyMap<string, number>;
}

export function createPresence(clock: Clock, listensSince: () => number): Presence {
  const last = new Map<string, { readonly instance: string; readonly at: number; readonly left: boolean }>();
  const note = (workerId: string, instance: string, left: boolean): void =>
    void last.set(workerId, { instance, at: clock.nowMs(), left });
  return {
    hear(workerId, instance) {
      const before = last.get(workerId);
      note(workerId, instance, before?.instance === instance && before.left);
    },
    leave: (workerId, instance) => note(workerId, instance, true),
    mayLive(workerId, instance) {
      const heard = last.get(workerId);
      const heardAt = heard?.instance === instance ? heard.at : 0;
      return clock.nowMs() - Math.max(heardAt, listensSince()) < TIMES.lease;
    },
    connected(this: void) {
      const since = clock.nowMs() - TIMES.lease;
      const here = [...last].filter(([, { at, left }]) => at >= since && !left);
      return new Map(here.map(([id, { at }]) => [id, at]));
    },
  };
}
