import { afterAll, beforeAll } from 'vitest';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { ensureHelper } from '../../worker/steps/ensure-helper.ts';
import { expectNothingLeft, takeInventory, type Inventory } from './leftovers.ts';
import { testParts } from './parts.ts';

/*
 * Holds of each test file on real parts, whatever it looks at itself, that its lane's engine and processes are as before.
 * An engine of the run's own has nothing but ours, so everything in it counts; in another, processes alone.
 */
const { dockerHost, ownEngine } = testParts();
const only = ownEngine ? undefined : 'slipway.none';
let before: Inventory | null = null;

beforeAll(async () => {
  if (ownEngine) await bringHelper();
  before = await takeInventory(dockerHost, only);
});
afterAll(async () => {
  if (before !== null) await expectNothingLeft(before, only);
});

/** Outlives builds and workers on purpose. */
async function bringHelper(): Promise<void> {
  const engine = connectEngine(dockerHost);
  await ensureHelper(engine, null);
  engine.close();
}
