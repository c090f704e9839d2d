import { LIMITS } from '../../config/times.ts';
import type { Release } from '../core/deployment.ts';
import type { Reading } from '../store/store.ts';

/** An image by its reference, and the build that it is of. */
interface UsedImage {
  readonly image: string;
  readonly buildId: string;
}

/** What an environment has to do with images. */
interface ImageUse {
  /** Of its slots, and of deployments that wait or are at work. */
  readonly needed: readonly UsedImage[];
  /** Of its deployments that were live, the newest first. */
  readonly live: readonly UsedImage[];
  /** Of its deployments that began, however they ended. */
  readonly begun: readonly UsedImage[];
}

/** So many of an environment's newest deployments are looked at: what was unused before them is long gone. */
const NEWEST = 20;

/**
 * Images that deployers of these environments have pulled and that none of them needs soon: what no slot, no
 * deployment that waits or is at work, and none of the newest releases that were live
 * (`LIMITS.keptReleases`, for a rollback without a pull) names.
 * @param gone Environments that need none of theirs any more.
 */
export async function unusedImages(
  reading: Reading,
  environmentIds: readonly string[],
  gone: readonly string[] = [],
): Promise<readonly string[]> {
  const uses = await Promise.all(environmentIds.map((id) => imageUse(reading, id)));
  const left = await Promise.all(gone.map((id) => imageUse(reading, id)));
  const kept = new Set(uses.flatMap(keptOf));
  const pulled = new Set(
    [...uses, ...left].flatMap(({ live, begun }) => [...live, ...begun].map(({ image }) => image)),
  );
  return [...pulled].filter((image) => !kept.has(image));
}

/** The builds of those images that an environment does need, as {@link unusedImages} says. */
export async function buildsInUse(reading: Reading, environmentId: string): Promise<ReadonlySet<string>> {
  const use = await imageUse(reading, environmentId);
  const kept = new Set(keptOf(use));
  const used = [...use.needed, ...use.live].filter(({ image }) => kept.has(image));
  return new Set(used.map(({ buildId }) => buildId));
}

function keptOf({ needed, live }: ImageUse): readonly string[] {
  const now = new Set(needed.map(({ image }) => image));
  const earlier = new Set(live.map(({ image }) => image).filter((image) => !now.has(image)));
  return [...now, ...[...earlier].slice(0, LIMITS.keptReleases)];
}

async function imageUse({ db }: Reading, environmentId: string): Promise<ImageUse> {
  const deployments = db
    .selectFrom('deployment')
    .innerJoin('release', 'release.id', 'deployment.release_id')
    .select(['release.release_json', 'release.build_id'])
    .where('deployment.environment_id', '=', environmentId)
    .orderBy('deployment.id', 'desc');
  const [slots, open, live, begun] = await Promise.all([
    db
      .selectFrom('slot')
      .innerJoin('release', 'release.id', 'slot.release_id')
      .select(['release.release_json', 'release.build_id'])
      .where('slot.environment_id', '=', environmentId)
      .execute(),
    deployments.where('deployment.status', 'in', ['pending', 'running']).execute(),
    deployments.where('deployment.status', '=', 'success').limit(NEWEST).execute(),
    deployments.where('deployment.started_at', 'is not', null).limit(NEWEST).execute(),
  ]);
  return {
    needed: [...slots, ...open].map(usedImage),
    live: live.map(usedImage),
    begun: begun.map(usedImage),
  };
}

function usedImage(row: { readonly release_json: string; readonly build_id: string }): UsedImage {
  return { image: (JSON.parse(row.release_json) as Release).imageReference, buildId: row.build_id };
}
