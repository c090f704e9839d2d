import { LIMITS, SIZES, TIMES } from '../../config/times.ts';
import { timeOrder } from '../../src/core/id.ts';
import type { BuiltImage } from '../../src/core/image.ts';
import type { Engine } from '../engine/engine.ts';
import { callEngine } from '../engine/engine-lost.ts';

/**
 * Local repository of the images of workflows that did not end green. A tag is the image's Id, what was tested of it where
 * that is another one, and the build, in at most 125 characters (OCI: 128).
 */
const KEPT = 'slipway-kept';
/** Between the Id of what was built and that of what was tested. */
const TESTED = '.';
/** Before the build, without the kind of its id; no hexadecimal digit. */
const OF_BUILD = '.n';

type KeepingEngine = Pick<Engine, 'docker' | 'removeImage'>;

/**
 * Keeps what was built and what was tested of an image of a build, for what failed to run again in it, beyond the end of its
 * lease: for `TIMES.keptImage` from the last call for it, within the bounds of {@link dropKeptImages}. Returns whether: not
 * while the disk is low. That another could not be dropped is told to `onLeftover`: it changes nothing of this one.
 */
export async function keepImage(
  engine: KeepingEngine,
  { imageId, testImageId }: BuiltImage,
  buildId: string,
  { isDiskLow, onLeftover }: { readonly isDiskLow: boolean; readonly onLeftover: (error: unknown) => void },
): Promise<boolean> {
  if (isDiskLow) return false;
  const built = hexOf(imageId);
  const ofBuild = `${OF_BUILD}${timeOrder(buildId)}`;
  await tagImage(engine, imageId, KEPT, `${built}${ofBuild}`);
  if (testImageId !== imageId)
    await tagImage(
      engine,
      testImageId,
      KEPT,
      `${built}${TESTED}${hexOf(testImageId).slice(0, 32)}${ofBuild}`,
    );
  await dropKeptImages(engine, { nowMs: Date.now(), isDiskLow }).catch(onLeftover);
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
 * Takes their names from the kept images that are past their time, or too many: builds stay whole, the newest one in any
 * case, and those before it while all have no more than `LIMITS.keptImages` workflows and `SIZES.keptImages` bytes that no
 * other image has, those of one image once. All go while the disk is low. Returns how many went.
 */
export async function dropKeptImages(
  engine: KeepingEngine,
  { nowMs, isDiskLow }: { readonly nowMs: number; readonly isDiskLow: boolean },
): Promise<number> {
  const kept = await keptTags(engine);
  const isOfTime = (one: KeptTag): boolean => !isDiskLow && one.taggedMs >= nowMs - TIMES.keptImage;
  const staying = newestBuilds(kept.filter(isOfTime));
  const late = kept.filter((one) => !staying.has(one));
  for (const { tag } of late) await engine.removeImage(tag);
  return late.length;
}

/** Those of the newest builds that are within the bounds together. Pure. @param kept Newest first. */
function newestBuilds(kept: readonly KeptTag[]): ReadonlySet<KeptTag> {
  const staying = new Set<KeptTag>();
  const counted = new Set<string>();
  let [workflows, bytes] = [0, 0];
  for (const tags of Map.groupBy(kept, buildOf).values()) {
    workflows += new Set(tags.map(builtOf)).size;
    for (const { imageId, ownBytes } of tags) {
      if (!counted.has(imageId)) bytes += ownBytes;
      counted.add(imageId);
    }
    const isWithin = workflows <= LIMITS.keptImages && bytes <= SIZES.keptImages;
    if (!isWithin && staying.size > 0) break;
    for (const one of tags) staying.add(one);
  }
  return staying;
}

interface KeptTag {
  readonly tag: string;
  /** Runs of one image give it a tag each. */
  readonly imageId: string;
  /** When the image got its last tag, whichever that is. */
  readonly taggedMs: number;
  /** That no other image has, where the engine says so (API 1.42); else all of it. */
  readonly ownBytes: number;
}

/** What was tested counts with what was built. */
const builtOf = ({ tag }: KeptTag): string => withoutBuild(tag).split(TESTED, 1).join();
/** One of a worker of before, which did not tell, is a build of its own. */
const buildOf = (one: KeptTag): string => one.tag.split(OF_BUILD)[1] ?? builtOf(one);
const withoutBuild = (tag: string): string => tag.split(OF_BUILD, 1).join();

/** Newest first, of one image by when their builds were made. */
function newestFirst(a: KeptTag, b: KeptTag): number {
  if (a.taggedMs !== b.taggedMs) return b.taggedMs - a.taggedMs;
  const [ofA = '', ofB = ''] = [a, b].map(({ tag }) => tag.split(OF_BUILD)[1] ?? '');
  return ofA === ofB ? 0 : ofA < ofB ? 1 : -1;
}

/** Newest first, without those of which the engine says nothing now: it may another time. */
async function keptTags({ docker }: Pick<Engine, 'docker'>): Promise<readonly KeptTag[]> {
  const wanted = { filters: JSON.stringify({ reference: [KEPT] }), 'shared-size': true };
  const images = await docker.listImages(wanted);
  const tags = images.flatMap(({ Id: imageId, RepoTags, Size, SharedSize }) => {
    const ownBytes = Math.max(0, Size - Math.max(0, SharedSize));
    return ((RepoTags as string[] | null) ?? [])
      .filter((tag) => tag.startsWith(`${KEPT}:`))
      .map((tag) => ({ tag, imageId, ownBytes }));
  });
  const found = await Promise.all(tags.map((one) => readTag(docker, one)));
  return found.filter((one) => one !== null).sort(newestFirst);
}

/** With the time when the image got its last name; one that it does not say counts as old. */
async function readTag(docker: Engine['docker'], one: Omit<KeptTag, 'taggedMs'>): Promise<KeptTag | null> {
  const facts = await docker
    .getImage(one.tag)
    .inspect()
    .catch(() => null);
  if (facts === null) return null;
  const { LastTagTime: at } = (facts as { Metadata?: { LastTagTime?: string } }).Metadata ?? {};
  return { ...one, taggedMs: at === undefined ? 0 : Date.parse(at) };
}

function hexOf(id: string): string {
  return id.replace(/^sha256:/, '');
}
