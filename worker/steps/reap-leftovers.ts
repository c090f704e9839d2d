import { isId } from '../../src/core/id.ts';
import type { Engine } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import type { OwnedThing } from '../engine/list-owned.ts';
import { removeOwned } from './remove-owned.ts';
import { VOLUME_PREFIX } from './set-up-workflow.ts';

/** Who asks for leftovers of a worker to be removed. */
export interface Owner {
  /** Whether the lease is one that this process holds. */
  readonly isLeaseAlive: (leaseId: string) => boolean;
  /**
   * Whether this process held the worker's name at a moment after the call. It is called after the look and before
   * the first removal: a process that was frozen while another got its name would take that one's work for leftovers,
   * but what stood there before this answer is older than any successor.
   */
  readonly holdsName: () => Promise<boolean>;
}

/** A volume without labels may be one that the engine is just making, for another worker, until it is this old. */
const MADE_MS = 30_000;

/**
 * Removes what earlier lives of this worker left: everything with its name in `slipway.worker` and a lease in
 * `slipway.lease` that is not alive. Run it at start and every 30 s. What has no lease label is never touched, but for
 * volumes that have lost all their labels with their engine, and whose name is of a lease.
 * Returns how many things went.
 * @throws AggregateError of what could not be removed; the next round tries again.
 */
export async function reapLeftovers(
  engine: Engine,
  workerName: string,
  { isLeaseAlive, holdsName }: Owner,
  madeMs = MADE_MS,
): Promise<number> {
  const owned = await engine.listOwned([`${LABELS.worker}=${workerName}`, LABELS.lease]);
  const isLeftover = (thing: OwnedThing) => !isLeaseAlive(thing.labels[LABELS.lease] ?? '');
  const left = {
    containers: owned.containers.filter(isLeftover),
    networks: owned.networks.filter(isLeftover),
    volumes: [
      ...owned.volumes.filter(isLeftover),
      ...(await engine.listUnlabelledVolumes(VOLUME_PREFIX))
        .filter(({ id, ageMs }) => ageMs >= madeMs && isOfDeadLease(id, isLeaseAlive))
        .map(({ id }) => ({ id, labels: {} })),
    ],
  };
  const count = left.containers.length + left.networks.length + left.volumes.length;
  return count > 0 && (await holdsName()) ? removeOwned(engine, left) : 0;
}

function isOfDeadLease(volume: string, isLeaseAlive: Owner['isLeaseAlive']): boolean {
  const [lease = ''] = volume.slice(VOLUME_PREFIX.length).split('-');
  return isId('lea', lease) && !isLeaseAlive(lease);
}
