import { LIMITS, TIMES } from '../../config/times.ts';
import type { BuiltImage } from '../../src/core/image.ts';
import type { Engine } from '../engine/engine.ts';
import { callEngine } from '../engine/engine-lost.ts';

/** Local repository of the images of workflows that did not end green; a tag is the image's Id. */
const KEPT = 'slipway-kept';

type KeepingEngine = Pick<Engine, 'docker' | 'removeImage'>;

/**
 * Keeps what was built and what was tested of an image, for what failed to run again in it, beyond the end of its lease:
 * for `TIMES.keptImage` from the last call for it, and no more than `LIMITS.keptImages` on an engine.
 */
export async function keepImage(engine: KeepingEngine, image: BuiltImage): Promise<void> {
  for (const id of new Set([image.imageId, image.testImageId])) await tagImage(engine, id, KEPT, hexOf(id));
  await dropKeptImages(engine, Date.now());
}

/** Gives an image another name; harmless where it has it. */
export async function tagImage(
  { docker }: Pick<Engine, 'docker'>,
  image: string,
  repo: string,
  tag: string,
): Promise<void> {
  await callEngine(() => docker.getImage(image).tag({ repo, tag }));
}

/** Takes their names from the kept images that are past their time, or too many; the newest stay. Returns how many went. */
export async function dropKeptImages(engine: KeepingEngine, nowMs: number): Promise<number> {
  const kept = await keptTags(engine);
  const late = kept.filter(
    ({ taggedMs }, newer) => newer >= LIMITS.keptImages || taggedMs < nowMs - TIMES.keptImage,
  );
  for (const { tag } of late) await engine.removeImage(tag);
  return late.length;
}

/** Newest first. */
async function keptTags({
  docker,
}: Pick<Engine, 'docker'>): Promise<readonly { readonly tag: string; readonly taggedMs: number }[]> {
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [KEPT] }) });
  const tags = images
    .flatMap(({ RepoTags }) => (RepoTags as string[] | null) ?? [])
    .filter((tag) => tag.startsWith(`${KEPT}:`));
  const found = await Promise.all(tags.map(async (tag) => ({ tag, taggedMs: await taggedMs(docker, tag) })));
  return found.sort((a, b) => b.taggedMs - a.taggedMs);
}

/** When the image got its last name; one that is gone meanwhile counts as old. */
async function taggedMs(docker: Engine['docker'], tag: string): Promise<number> {
  const facts = await docker
    .getImage(tag)
    .inspect()
    .catch(() => null);
  const { LastTagTime: at } = (facts as { Metadata?: { LastTagTime?: string } } | null)?.Metadata ?? {};
  return at === undefined ? 0 : Date.parse(at);
}

function hexOf(id: string): string {
  return id.replace(/^sha256:/, '');
}
