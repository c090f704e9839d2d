import { callEngine, refusalStatus } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';

/**
 * Takes the engine's names of these images away, which were pulled by digest for releases that nobody needs any more;
 * an image goes with its last name. One that a container uses, ended or not, stays for the next time. A deployment
 * that wants one again at this moment fetches it. Returns the names that went.
 */
export async function removeUnusedImages(
  { docker }: Pick<Engine, 'docker'>,
  references: readonly string[],
): Promise<readonly string[]> {
  if (references.length === 0) return [];
  const [images, containers] = await callEngine(() =>
    Promise.all([docker.listImages(), docker.listContainers({ all: true })]),
  );
  const inUse = new Set(containers.map(({ ImageID }) => ImageID));
  const unused = images.filter(({ Id }) => !inUse.has(Id));
  const held = new Set(unused.flatMap(({ RepoDigests }) => (RepoDigests as string[] | null) ?? []));
  const removed: string[] = [];
  for (const reference of references)
    if (held.has(reference) && (await remove(docker, reference))) removed.push(reference);
  return removed;
}

/** False when it went by itself, or a container came to use it. */
async function remove(docker: Engine['docker'], reference: string): Promise<boolean> {
  try {
    await callEngine(() => docker.getImage(reference).remove());
    return true;
  } catch (error) {
    const status = refusalStatus(error);
    if (status === 404 || status === 409) return false;
    throw error;
  }
}
