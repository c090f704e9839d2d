import { LIMITS } from '../../config/times.ts';
import type { Release } from '../core/deployment.ts';
import type { Reading } from '../store/store.ts';

/** What an environment has to do with images, by their references. */
interface ImageUse {
  /** Of its slots, and of deployments that wait or are at work. */
  readonly needed: readonly string[];
  /** Of its deployments that were live, the newest first. */
  readonly live: readonly string[];
  /** Of its deployments that began, however they ended. */
  readonly begun: readonly string[];
}

/** So many of an environment's newest deployments are looked at: what was unused before them is long gone. */
const NEWEST = 20;

/**
 * Images that deployers of these environments have pulled and that none of them needs soon: what no slot, no
 * deployment that waits or is at work, and none of the newest releases that were live
 * (`LIMITS.keptReleases`, for a rollback without a pull) names.
 */
export async function unusedImages(
  reading: Reading,
  environmentIds: readonly string[],
): Promise<readonly string[]> {
  const uses = await Promise.all(environmentIds.map((id) => imageUse(reading, id)));
  const kept = new Set(uses.flatMap(keptOf));
  const pulled = new Set(uses.flatMap(({ live, begun }) => [...live, ...begun]));
  return [...pulled].filter((image) => !kept.has(image));
}

function keptOf({ needed, live }: ImageUse): readonly string[] {
  const earlier = [...new Set(live)].filter((image) => !needed.includes(image));
  return [...needed, ...earlier.slice(0, LIMITS.keptReleases)];
}

async function imageUse({ db }: Reading, environmentId: string): Promise<ImageUse> {
  const deployments = db
    .selectFrom('deployment')
    .innerJoin('release', 'release.id', 'deployment.release_id')
    .select('release.release_json')
    .where('deployment.environment_id', '=', environmentId)
    .orderBy('deployment.id', 'desc');
  const [slots, open, live, begun] = await Promise.all([
    db
      .selectFrom('slot')
      .innerJoin('release', 'release.id', 'slot.release_id')
      .select('release.release_json')
      .where('slot.environment_id', '=', environmentId)
      .execute(),
    deployments.where('deployment.status', 'in', ['pending', 'running']).execute(),
    deployments.where('deployment.status', '=', 'success').limit(NEWEST).execute(),
    deployments.where('deployment.started_at', 'is not', null).limit(NEWEST).execute(),
  ]);
  return { needed: [...slots, ...open].map(imageOf), live: live.map(imageOf), begun: begun.map(imageOf) };
}

function imageOf({ release_json }: { readonly release_json: string }): string {
  return (JSON.parse(release_json) as Release).imageReference;
}
