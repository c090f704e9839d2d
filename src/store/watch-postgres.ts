import type { TIMES } from '../../config/times.ts';

/** How often it is looked at, while it answers and while it does not, and how long an answer may take (ms). */
export type DatabaseTimes = Readonly<Record<keyof typeof TIMES & `database${string}`, number>>;

export interface WatchOptions {
  readonly times: DatabaseTimes;
  /** Asks the database something small. @throws whatever is in the way. */
  readonly look: () => Promise<void>;
  /** Told once, when it does not answer any more. */
  readonly onAway: (error: unknown) => void;
  /** It answers again, after it was away or after {@link PostgresWatch.suspect}. */
  readonly onSound: (wasAway: boolean) => void;
}

export interface PostgresWatch {
  readonly isAway: () => boolean;
  /** A query broke with its connection: whether that is all is looked at at once. */
  readonly suspect: () => void;
  readonly stop: () => Promise<void>;
}

/**
 * Tells whether PostgreSQL answers, by a look of its own every few seconds: one whose machine stands still or is cut off
 * closes no connection, and what was asked of it would wait for as long as the system sends again (15 minutes).
 */
export function watchPostgres({ times, look, onAway, onSound }: WatchOptions): PostgresWatch {
  let isAway = false;
  let isSuspect = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;

  async function lookNow(): Promise<void> {
    isSuspect = false;
    try {
      await look();
    } catch (error) {
      if (!isAway && !isStopped) {
        isAway = true;
        onAway(error);
      }
      return;
    }
    if (isStopped) return;
    const wasAway = isAway;
    isAway = false;
    onSound(wasAway);
  }

  function after(ms: number): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      looking = lookNow().finally(() => {
        looking = null;
        if (!isStopped) after(isSuspect ? 0 : isAway ? times.databaseAway : times.databaseLook);
      });
    }, ms);
    timer.unref();
  }

  after(times.databaseLook);
  return {
    isAway: () => isAway,
    suspect() {
      isSuspect = true;
      if (looking === null && !isAway && !isStopped) after(0);
    },
    async stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await looking;
    },
  };
}
