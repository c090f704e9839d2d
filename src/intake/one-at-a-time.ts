import { setTimeout as sleep } from 'node:timers/promises';

/** Does what it is given after what it was given before; resolves or rejects with it. */
export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>;

/** A line in which the next begins when the one before is over, or after `patienceMs` of it: what hangs keeps no other. */
export function createOneAtATime(patienceMs: number): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(() => {
      const done = work();
      const patience = new AbortController();
      const over = done.then(
        () => patience.abort(),
        () => patience.abort(),
      );
      const waited = sleep(patienceMs, undefined, { signal: patience.signal, ref: false });
      return { done, next: Promise.race([over, waited.catch(() => undefined)]) };
    });
    last = turn.then(({ next }) => next);
    return turn.then(({ done }) => done);
  };
}
