import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';

const LOOK_MS = 250;

/** Waits until the engine answers, `mostMs` at the most; whether it does. One that is started again takes seconds. */
export async function awaitEngine(engine: Pick<Engine, 'isUp'>, mostMs: number): Promise<boolean> {
  for (const deadline = performance.now() + mostMs; ; await sleep(LOOK_MS)) {
    if (await engine.isUp()) return true;
    if (performance.now() > deadline) return false;
  }
}
