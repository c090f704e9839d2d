import type { Change } from './store.ts';

export interface ChangeFeed {
  readonly emit: (changes: readonly Change[]) => void;
  readonly subscribe: (listener: (change: Change) => void) => () => void;
}

/** The feed of committed changes inside the process. A listener that throws hurts no other. */
export function createChangeFeed(onError: (error: unknown) => void): ChangeFeed {
  const listeners = new Set<(change: Change) => void>();
  return {
    emit(changes) {
      for (const change of unique(changes))
        for (const listener of [...listeners])
          try {
            listener(change);
          } catch (error) {
            onError(error);
          }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function unique(changes: readonly Change[]): Iterable<Change> {
  return new Map(changes.map((change) => [`${change.kind} ${change.id}`, change])).values();
}
