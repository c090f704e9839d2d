import { callEngine } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';

/**
 * Takes the engine's names of these images away, which were pulled by digest for releases that nobody needs any more;
 * an image goes with its last name. One that a container uses, ended or not, stays for the next time. A deployment
 * that wants one again at this moment fetches it. Returns the names that went.
 */
export async function removeUnusedImages(
  engine: Pick<Engine, 'docker' | 'removeImage'>,
  references: readonly string[],
): Promise<readonly string[]> {
  if (references.length === 0) return [];
  const { docker } = engine;
  const [images, containers] = await callEngine(() =>
    Promise.all([docker.listImages(), docker.listContainers({ all: true })]),
  );
  const inUse = new Set(containers.map(({ ImageID }) => ImageID));
  const unused = images.filter(({ Id }) => !inUse.has(Id));
  const held = new Set(unused.flatMap(({ RepoDigests }) => (RepoDigests as string[] | null) ?? []));
  const removed: string[] = [];
  for (const reference of references)
    if (held.has(reference) && (await engine.removeImage(reference)) === 'removed') removed.push(reference);
  return removed;
}
