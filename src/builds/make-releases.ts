import { createHash } from 'node:crypto';
import { newId } from '../core/id.ts';
import type { Release, SlotIndex } from '../core/deployment.ts';
import type { BuiltImage, PushedImage } from '../core/image.ts';
import type { DeployPlan } from '../core/plan.ts';
import { applySlotAction } from '../core/slots.ts';
import type { Tx } from '../store/store.ts';
import { readSlots, writeSlots } from './environments.ts';

/** Makes the release of each deployment of a workflow whose image has just been pushed. */
export async function makeReleases(
  tx: Tx,
  workflowId: string,
  image: PushedImage,
  at: number,
): Promise<void> {
  const { built_json, build_id: buildId } = await tx.db
    .selectFrom('image')
    .select(['built_json', 'build_id'])
    .where('workflow_id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const { commit } = await tx.db
    .selectFrom('build')
    .select('commit')
    .where('id', '=', buildId)
    .executeTakeFirstOrThrow();
  const deployments = await tx.db
    .selectFrom('deployment')
    .select(['id', 'environment_id', 'settings_json', 'status', 'candidate'])
    .where('workflow_id', '=', workflowId)
    .where('release_id', 'is', null)
    .where('status', 'in', ['pending', 'running'])
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
    if (deployment.status === 'running') await nameInSlot(tx, deployment, release, at);
    tx.changed('deployment', deployment.id);
  }
}

/** A deployment that prepares ahead has taken its slot for a release that had no name yet. */
async function nameInSlot(
  tx: Tx,
  { id, environment_id, candidate }: { id: string; environment_id: string; candidate: SlotIndex | null },
  release: Release,
  at: number,
): Promise<void> {
  if (candidate === null) return;
  const before = await readSlots(tx, environment_id);
  const { port } = release.settings;
  const action = { type: 'prepare', candidate, deploymentId: id, releaseId: release.id, port } as const;
  await writeSlots(tx, environment_id, { before, after: applySlotAction(before, action), at });
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
