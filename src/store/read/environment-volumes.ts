import type { DeployPlan } from '../../core/plan.ts';
import type { Reader } from './view-context.ts';

/** Deployments that are looked at where an environment has its volumes not written down yet. */
const NEWEST = 100;

/**
 * Names of the volumes that deployments of an environment have had, in their order by name. An environment from before
 * they were written down has those of its newest deployments that are still recorded.
 */
export async function environmentVolumes(db: Reader, environmentId: string): Promise<readonly string[]> {
  const row = await db
    .selectFrom('environment')
    .select('volumes_json')
    .where('id', '=', environmentId)
    .executeTakeFirst();
  if (row === undefined) return [];
  if (row.volumes_json !== null) return JSON.parse(row.volumes_json) as string[];
  const newest = await db
    .selectFrom('deployment')
    .select('settings_json')
    .where('environment_id', '=', environmentId)
    .orderBy('id', 'desc')
    .limit(NEWEST)
    .execute();
  return volumeNames(newest.flatMap(({ settings_json }) => volumesOf(settings_json)));
}

/** Each name once, in their order. */
export function volumeNames(volumes: readonly { readonly name: string }[]): readonly string[] {
  return [...new Set(volumes.map(({ name }) => name))].sort();
}

function volumesOf(settingsJson: string): DeployPlan['volumes'] {
  return (JSON.parse(settingsJson) as Partial<DeployPlan>).volumes ?? [];
}
