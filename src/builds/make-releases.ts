import { createHash } from 'node:crypto';
import { newId } from '../core/id.ts';
import type { Release } from '../core/deployment.ts';
import type { BuiltImage, PushedImage } from '../core/image.ts';
import type { DeployPlan } from '../core/plan.ts';
import type { Tx } from '../store/store.ts';

/** Makes the release of each deployment of a build whose image has just been pushed. */
export async function makeReleases(tx: Tx, buildId: string, image: PushedImage, at: number): Promise<void> {
  const { built_json } = await tx.db
    .selectFrom('image')
    .select('built_json')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  const { commit } = await tx.db
    .selectFrom('build')
    .select('commit')
    .where('id', '=', buildId)
    .executeTakeFirstOrThrow();
  const deployments = await tx.db
    .selectFrom('deployment')
    .select(['id', 'environment_id', 'settings_json'])
    .where('build_id', '=', buildId)
    .where('release_id', 'is', null)
    .where('status', '=', 'pending')
    .execute();
  for (const deployment of deployments) {
    const settings = JSON.parse(deployment.settings_json) as DeployPlan;
    const release: Release = {
      id: newId('rel', at),
      imageReference: `${image.repository}@${image.digest}`,
      digest: image.digest,
      imageId: (JSON.parse(built_json) as BuiltImage).imageId,
      settings,
      hash: releaseHash(image.digest, settings),
      buildId,
      commit,
    };
    await tx.db
      .insertInto('release')
      .values({
        id: release.id,
        environment_id: deployment.environment_id,
        build_id: buildId,
        digest: release.digest,
        hash: release.hash,
        release_json: JSON.stringify(release),
        created_at: at,
      })
      .execute();
    await tx.db
      .updateTable('deployment')
      .set((eb) => ({ release_id: release.id, version: eb('version', '+', 1) }))
      .where('id', '=', deployment.id)
      .execute();
    tx.changed('deployment', deployment.id);
  }
}

/** sha256 over the digest and the settings with their keys in order: equal releases have equal hashes. Pure. */
export function releaseHash(digest: string, settings: DeployPlan): string {
  return createHash('sha256')
    .update(`${digest}\n${canonical(settings)}`)
    .digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
