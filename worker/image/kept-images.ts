import { LIMITS, TIMES } from '../../config/times.ts';
import type { BuiltImage } from '../../src/core/image.ts';
import type { Engine } from '../engine/engine.ts';
import { callEngine } from '../engine/engine-lost.ts';

/** Local repository of the images of workflows that did not end green; a tag is the image's Id, and what was tested of it. */
const KEPT = 'slipway-kept';
/** Between the Id of what was built and that of what was tested. */
const TESTED = '.';

type KeepingEngine = Pick<Engine, 'docker' | 'removeImage'>;

/**
 * Keeps what was built and what was tested of an image, for what failed to run again in it, beyond the end of its lease:
 * for `TIMES.keptImage` from the last call for it, and no more than `LIMITS.keptImages` such pairs on an engine. Returns
 * whether: not while the disk is low.
 */
export async function keepImage(
  engine: KeepingEngine,
  { imageId, testImageId }: BuiltImage,
  isDiskLow: boolean,
): Promise<boolean> {
  if (isDiskLow) return false;
  await tagImage(engine, imageId, KEPT, hexOf(imageId));
  if (testImageId !== imageId)
    await tagImage(engine, testImageId, KEPT, `${hexOf(imageId)}${TESTED}${hexOf(testImageId).slice(0, 32)}`);
  await dropKeptImages(engine, { nowMs: Date.now(), isDiskLow });
  return true;
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

/**
 * Takes their names from the kept images that are past their time, or too many; the newest stay. All go while the disk is
 * low. Returns how many went.
 */
export async function dropKeptImages(
  engine: KeepingEngine,
  { nowMs, isDiskLow }: { readonly nowMs: number; readonly isDiskLow: boolean },
): Promise<number> {
  const kept = await keptTags(engine);
  const newest = new Set(kept.map(builtOf));
  const tooMany = new Set([...newest].slice(LIMITS.keptImages));
  const late = kept.filter(
    (one) => isDiskLow || tooMany.has(builtOf(one)) || one.taggedMs < nowMs - TIMES.keptImage,
  );
  for (const { tag } of late) await engine.removeImage(tag);
  return late.length;
}

interface KeptTag {
  readonly tag: string;
  readonly taggedMs: number;
}

/** What was tested counts with what was built. */
const builtOf = ({ tag }: KeptTag): string => tag.split(TESTED, 1).join();

/** Newest first, without those of which the engine says nothing now: it may another time. */
async function keptTags({ docker }: Pick<Engine, 'docker'>): Promise<readonly KeptTag[]> {
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [KEPT] }) });
  const tags = images
    .flatMap(({ RepoTags }) => (RepoTags as string[] | null) ?? [])
    .filter((tag) => tag.startsWith(`${KEPT}:`));
  const found = await Promise.all(tags.map((tag) => readTag(docker, tag)));
  return found.filter((one) => one !== null).sort((a, b) => b.taggedMs - a.taggedMs);
}

/** With the time when the image got its last name; one that it does not say counts as old. */
async function readTag(docker: Engine['docker'], tag: string): Promise<KeptTag | null> {
  const facts = await docker
    .getImage(tag)
    .inspect()
    .catch(() => null);
  if (facts === null) return null;
  const { LastTagTime: at } = (facts as { Metadata?: { LastTagTime?: string } }).Metadata ?? {};
  return { tag, taggedMs: at === undefined ? 0 : Date.parse(at) };
}

function hexOf(id: string): string {
  return id.replace(/^sha256:/, '');
}
