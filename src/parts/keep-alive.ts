import { setTimeout as sleep } from 'node:timers/promises';
import type { Part } from './part.ts';
import { isAlive } from './processes.ts';

/** What is kept alive, and how. */
export interface KeepAlive<T extends Part> {
  /** In sentences, e.g. `the server`. */
  readonly what: string;
  /** Path of its log. */
  readonly log: string;
  readonly start: () => Promise<T>;
  /** Told each time that it ended, and why it could not be started again; that is tried for ever. */
  readonly say: (sentence: string) => void;
}

/**
 * Starts a part, and starts it again whenever it ends by itself, until it is stopped or this process is gone. The id in
 * what this returns is of its first process.
 * @throws Problem when it does not come up the first time.
 */
export async function keepAlive<T extends Part>(spec: KeepAlive<T>): Promise<T> {
  const first = await spec.start();
  let part = first;
  let stopping = false;
  const watch = async (): Promise<void> => {
    while (!stopping) {
      await sleep(WATCH_MS, undefined, { ref: false });
      if (stopping || isAlive(part.pid)) continue;
      spec.say(`${spec.what} ended by itself and is started again; see ${spec.log}`);
      await part.stop();
      part = await spec.start().catch(async (error: unknown) => {
        spec.say(String(error));
        await sleep(WATCH_MS * 5, undefined, { ref: false });
        return part;
      });
      if (stopping) await part.stop();
    }
  };
  void watch();
  return {
    ...first,
    stop: async () => {
      stopping = true;
      await part.stop();
    },
  };
}

const WATCH_MS = 1_000;
