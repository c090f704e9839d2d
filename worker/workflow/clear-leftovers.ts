import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { endLeftClients } from '../image/end-left-clients.ts';
import { buildRepository, removeBuildImages } from '../image/remove-build-images.ts';
import { removeStagingTags } from '../registry/remove-staging.ts';
import type { Owner } from '../steps/reap-leftovers.ts';

/**
 * Removes the checkouts that earlier lives of this worker left, and the images built of them, staged ones too: each
 * folder is named by its lease. Run it at start and every 30 s; a folder whose images will not go yet, because a
 * container that is about to end uses them, stays for the next round. Returns how many checkouts went.
 */
export async function clearLeftovers(
  engine: Pick<Engine, 'docker' | 'removeImage'>,
  checkouts: string,
  { isLeaseAlive, holdsName }: Owner,
): Promise<number> {
  const left = (await readdir(checkouts)).filter((leaseId) => !isLeaseAlive(leaseId));
  if (left.length === 0 || !(await holdsName())) return 0;
  let gone = 0;
  for (const leaseId of left) {
    await endLeftClients(buildRepository(leaseId));
    await removeStagingTags(engine, leaseId);
    if ((await removeBuildImages(engine, buildRepository(leaseId))) > 0) continue;
    await rm(path.join(checkouts, leaseId), { recursive: true, force: true });
    gone += 1;
  }
  return gone;
}
