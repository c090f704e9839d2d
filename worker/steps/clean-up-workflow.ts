import type { Engine } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import type { WorkflowLabels } from '../engine/labels.ts';
import { removeOwned } from './remove-owned.ts';

/**
 * Removes everything that the workflow's lease owns in the engine: containers, then networks, then volumes.
 * Safe to repeat, and right after a set-up that failed half way. One thing that will not go does not keep the others.
 * @throws AggregateError of what could not be removed; the reaper tries again.
 */
export async function cleanUpWorkflow(engine: Engine, labels: WorkflowLabels): Promise<void> {
  await removeOwned(engine, await engine.listOwned([`${LABELS.lease}=${labels.lease}`]));
}
