import { TIMES } from '../../config/times.ts';
import { refusalStatus } from '../engine/engine-lost.ts';
import { ensureImage } from '../registry/ensure-image.ts';
import { createApp, listApps, removeApp } from './app-container.ts';
import { ensureAppNetwork } from './app-network.ts';
import type { AppVariables } from './app-variables.ts';
import type { Deploying } from './deploying.ts';

/** So often is an image fetched that is gone when its container is to be created. */
const MOST_FETCHES = 5;

/**
 * The container of the candidate's slot, created of the tested image and not started; its id. One of an earlier
 * attempt is taken as it is, any other that stands in the slot is removed.
 * @throws Problem when the image cannot be had, or is not the tested one.
 */
export async function createCandidate(
  deploying: Deploying,
  { variables, secretNames }: AppVariables,
): Promise<string> {
  const { tools, work, log, release, lease } = deploying;
  await ensureAppNetwork(tools.engine, tools.network);
  const slotApps = (await listApps(tools.engine, tools.router.dir, work.environment.id)).filter(
    ({ slot }) => slot === work.candidate,
  );
  const mine = slotApps.find(({ deploymentId }) => deploymentId === work.deploymentId);
  for (const app of slotApps) if (app !== mine) await removeApp(tools.engine, app.id, TIMES.stepGrace);
  lease.signal.throwIfAborted();
  if (mine !== undefined) {
    await log.say('Going on with the container of an earlier attempt.');
    return mine.id;
  }
  const spec = {
    environment: work.environment,
    slot: deploying.slot,
    deploymentId: work.deploymentId,
    release,
    variables,
    secretNames,
    networkName: tools.network.name,
    routerDir: tools.router.dir,
  };
  for (let fetches = 1; ; fetches++) {
    await fetchImage(deploying);
    try {
      return await createApp(tools.engine, spec);
    } catch (error) {
      // Until a container stands on it, an image belongs to nobody: the clean-up of the build that made it takes
      // every name of it along, also one that a pull has just added.
      if (refusalStatus(error) !== 404 || fetches === MOST_FETCHES) throw error;
      await log.say('The image was removed meanwhile.');
    }
  }
}

async function fetchImage({ tools, log, release, secrets, lease }: Deploying): Promise<void> {
  const host = release.imageReference.split('/')[0] ?? '';
  await ensureImage({
    engine: tools.engine,
    reference: release.imageReference,
    imageId: release.imageId,
    credentials: secrets.registries[host] ?? null,
    log,
    signal: lease.signal,
  });
}
