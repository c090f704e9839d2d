import { refusalStatus, refusalText } from '../engine/engine-lost.ts';
import { ensureImage } from '../registry/ensure-image.ts';
import type { Deploying } from './deploying.ts';

/** So often is an image fetched that is gone when a container is to be created of it. */
const MOST_FETCHES = 5;

/**
 * Fetches the release's image by its digest where the engine has it not, and creates something of it. Until a container
 * stands on it, an image belongs to nobody: the clean-up of the build that made it takes every name of it along, also
 * one that a pull has just added, even beside a container that was created meanwhile. So `create`, which rejects with
 * the engine's 404 then, is called again after another fetch.
 * @throws Problem when the image cannot be had, or is not the tested one.
 */
export async function onFetchedImage<T>(deploying: Deploying, create: () => Promise<T>): Promise<T> {
  for (let fetches = 1; ; fetches++) {
    await fetchImage(deploying);
    try {
      return await create();
    } catch (error) {
      if (!isImageGone(error) || fetches === MOST_FETCHES) throw error;
      await deploying.log.say('The image was removed meanwhile.');
    }
  }
}

/** The engine answers 404 for a network that is gone as well. */
export function isImageGone(error: unknown): boolean {
  return refusalStatus(error) === 404 && /no such image/i.test(refusalText(error));
}

/** Has the engine hold the release's image by its digest. @throws Problem as {@link onFetchedImage}. */
export async function fetchImage({ tools, log, release, secrets, lease }: Deploying): Promise<void> {
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
