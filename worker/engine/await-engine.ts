import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';

/**
 * Waits until the engine tells its events, which it does as long as it is there, `mostMs` at the most; whether it does.
 * One that is started again takes seconds.
 */
export async function awaitEngine(engine: Pick<Engine, 'events'>, mostMs: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(mostMs, false, { signal: over.signal }).catch(() => false);
  try {
    return await Promise.race([engine.events.ready().then(() => true), late]);
  } finally {
    over.abort();
  }
}
