import { unlessAborted } from '../../core/unless-aborted.ts';

/**
 * Has the work of one key done one after the other, with `gapMs` from the begin of one to that of the next. By timers
 * alone: the clocks of libraries that do this are the machine's, and one that is set back would hold everything up until
 * it shows that time again. Who gives up while it waits takes no turn. Rejects with the signal's reason, or the work's.
 */
export type Turns = <T>(key: string, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export function createTurns(gapMs: number): Turns {
  /** By key: when the one that came last lets the next one begin. */
  const free = new Map<string, Promise<void>>();
  return async (key, work, signal) => {
    const before = free.get(key) ?? Promise.resolve();
    const own = Promise.withResolvers<void>();
    free.set(key, own.promise);
    const letOn = (): void => {
      own.resolve();
      if (free.get(key) === own.promise) free.delete(key);
    };
    try {
      await unlessAborted(before, signal);
    } catch (error) {
      void before.then(letOn);
      throw error;
    }
    const gap = new Promise((resolve) => setTimeout(resolve, gapMs).unref());
    try {
      return await work();
    } finally {
      void gap.then(letOn);
    }
  };
}
