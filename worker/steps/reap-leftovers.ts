import type { Engine } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import type { OwnedThing } from '../engine/list-owned.ts';
import { removeOwned } from './remove-owned.ts';

/**
 * Removes what earlier lives of this worker left: everything with its name in `slipway.worker` and a lease in
 * `slipway.lease` that is not alive. Run it at start and every 30 s. What has no lease label is never touched.
 * Returns how many things went.
 * @throws AggregateError of what could not be removed; the next round tries again.
 */
export async function reapLeftovers(
  engine: Engine,
  workerName: string,
  isLeaseAlive: (leaseId: string) => boolean,
): Promise<number> {
  const owned = await engine.listOwned([`${LABELS.worker}=${workerName}`, LABELS.lease]);
  const isLeftover = (thing: OwnedThing) => !isLeaseAlive(thing.labels[LABELS.lease] ?? '');
  return removeOwned(engine, {
    containers: owned.containers.filter(isLeftover),
    networks: owned.networks.filter(isLeftover),
    volumes: owned.volumes.filter(isLeftover),
  });
}
