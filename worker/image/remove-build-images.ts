import type { Engine } from '../engine/engine.ts';

/** Local repository of what is built under a lease; nothing else has tags in it. */
export function buildRepository(lease: string): string {
  return `slipway-build/${lease}`;
}

/**
 * Removes what a lease has left of images: its tags go, and with them every image that has no other name. One that a
 * deployment pulled by digest, or that another build made the same, keeps its own names; BuildKit's cache stays.
 * An image that only a container still uses is left for the next call. Safe to repeat; returns how many tags are left.
 */
export async function removeBuildImages(
  engine: Pick<Engine, 'docker' | 'removeImage'>,
  repository: string,
): Promise<number> {
  const tags = await tagsOf(engine, repository);
  for (const tag of tags) await engine.removeImage(tag);
  return tags.length === 0 ? 0 : (await tagsOf(engine, repository)).length;
}

async function tagsOf(engine: Pick<Engine, 'docker'>, repository: string): Promise<readonly string[]> {
  const images = await engine.docker.listImages({ filters: JSON.stringify({ reference: [repository] }) });
  return images
    .flatMap(({ RepoTags }) => (RepoTags as string[] | null) ?? [])
    .filter((tag) => tag.startsWith(`${repository}:`));
}
