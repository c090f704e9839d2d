import { callEngine } from '../engine/engine-lost.ts';
import type { Engine } from '../engine/engine.ts';

export interface UnusedImages {
  /** Names that went. */
  readonly removed: readonly string[];
  /** Names that stay, because a container uses their image. */
  readonly held: readonly string[];
}

/**
 * Takes the engine's names of these images away, which were pulled by digest for releases that nobody needs any more;
 * an image goes with its last name. One that a container uses, ended or not, stays for the next time. A deployment
 * that wants one again at this moment fetches it.
 */
export async function removeUnusedImages(
  engine: Pick<Engine, 'docker' | 'removeImage'>,
  references: readonly string[],
): Promise<UnusedImages> {
  if (references.length === 0) return { removed: [], held: [] };
  const { docker } = engine;
  const [images, containers] = await callEngine(() =>
    Promise.all([docker.listImages(), docker.listContainers({ all: true })]),
  );
  const inUse = new Set(containers.map(({ ImageID }) => ImageID));
  const namesOf = (some: typeof images) =>
    new Set(some.flatMap(({ RepoDigests }) => (RepoDigests as string[] | null) ?? []));
  const free = namesOf(images.filter(({ Id }) => !inUse.has(Id)));
  const used = namesOf(images.filter(({ Id }) => inUse.has(Id)));
  const removed: string[] = [];
  const held = references.filter((reference) => used.has(reference));
  for (const reference of references.filter((one) => free.has(one))) {
    const end = await engine.removeImage(reference);
    if (end === 'removed') removed.push(reference);
    if (end === 'in use') held.push(reference);
  }
  return { removed, held };
}
