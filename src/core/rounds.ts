/** Rounds of the same work, one after the other. */
export interface Rounds {
  /** Has a round begin now, or another one follow that which is under way. */
  readonly wake: () => void;
  readonly isIdle: () => boolean;
  /** Resolves when no round is under way or due. */
  readonly idle: () => Promise<void>;
}

/** @param round Must not fail. */
export function createRounds(round: () => Promise<void>): Rounds {
  let [isDue, isRunning] = [false, false];
  let running = Promise.resolve();
  const run = async (): Promise<void> => {
    isRunning = true;
    try {
      while (isDue) {
        isDue = false;
        await round();
      }
    } finally {
      // In the same turn as the last look: who wakes after that finds nobody at work, and begins.
      isRunning = false;
    }
  };
  return {
    wake: () => {
      isDue = true;
      if (!isRunning) running = run();
    },
    isIdle: () => !isRunning,
    idle: async () => {
      while (isRunning) await running;
    },
  };
}
