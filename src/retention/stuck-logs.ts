import type { Logger } from 'pino';
import type { LogShelf } from '../ports/log-store.ts';

/** Removes logs that no row points to. One that cannot be removed holds nothing up: each round tries it again. */
export interface LogRemover {
  /** Whether it went. */
  remove(logId: string): Promise<boolean>;
  /** Ends a round: says which logs are newly stuck, each once in the life of the server; returns how many are. */
  endRound(): number;
}

export function createLogRemover(logs: Pick<LogShelf, 'remove'>, log: Logger): LogRemover {
  let said: ReadonlySet<string> = new Set();
  const stuck = new Map<string, unknown>();
  return {
    remove: async (logId) => {
      try {
        await logs.remove(logId);
        stuck.delete(logId);
        return true;
      } catch (error) {
        stuck.set(logId, error);
        return false;
      }
    },
    endRound: () => {
      const fresh = [...stuck].filter(([logId]) => !said.has(logId));
      const [first] = fresh;
      if (first !== undefined)
        log.warn(
          { err: first[1], logId: first[0], new: fresh.length, logs: stuck.size },
          'retention could not remove logs',
        );
      said = new Set(stuck.keys());
      stuck.clear();
      return said.size;
    },
  };
}
