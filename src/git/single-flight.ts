/** Runs shared and queued work by key; keys are forgotten when their work is over. */
export interface SingleFlight {
  /** Those who ask for the same key while it runs get the same promise. */
  share<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Work of the same key runs one after another, in the order asked; a failure does not stop the next. */
  queue<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing that was queued runs any more. */
  settled(): Promise<void>;
}

export function singleFlight(): SingleFlight {
  const shared = new Map<string, Promise<unknown>>();
  const tails = new Map<string, Promise<unknown>>();
  return {
    share: <T>(key: string, work: () => Promise<T>): Promise<T> => {
      const running = shared.get(key) as Promise<T> | undefined;
      if (running !== undefined) return running;
      const started = work().finally(() => shared.delete(key));
      shared.set(key, started);
      return started;
    },
    queue: <T>(key: string, work: () => Promise<T>): Promise<T> => {
      const before = tails.get(key) ?? Promise.resolve();
      const started = before.then(work, work);
      const tail = started
        .catch(() => undefined)
        .then(() => {
          if (tails.get(key) === tail) tails.delete(key);
        });
      tails.set(key, tail);
      return started;
    },
    settled: async () => {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}
