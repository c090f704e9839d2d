import { setTimeout as sleep } from 'node:timers/promises';
import { EngineLost } from './engine-lost.ts';
import type { Engine } from './engine.ts';

/** The engine as it was at one moment. */
export interface WatchedEngine {
  /**
   * Whether it went away since, be it back by now, or is about to: one that is told to end ends its containers first and
   * answers meanwhile, so where all seems well it is looked at again half a second later.
   */
  readonly isUnwell: () => Promise<boolean>;
}

/** @throws EngineLost when it does not tell its events within 5 s, so that its end could not be told either. */
export async function watchEngine(engine: Pick<Engine, 'events' | 'isUp'>): Promise<WatchedEngine> {
  const late = sleep(EVENTS_MS, false, { ref: false });
  if (!(await Promise.race([engine.events.ready().then(() => true), late])))
    throw new EngineLost('the engine tells no events');
  const connection = engine.events.connection();
  const isWell = async (): Promise<boolean> =>
    engine.events.connection() === connection && (await engine.isUp());
  return {
    async isUnwell() {
      if (!(await isWell())) return true;
      await sleep(AGAIN_MS);
      return !(await isWell());
    },
  };
}

const EVENTS_MS = 5_000;
const AGAIN_MS = 500;
