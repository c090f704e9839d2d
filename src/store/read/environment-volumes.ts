import type { DeployPlan } from '../../core/plan.ts';
import type { Reader } from './view-context.ts';

/** Names of the volumes that deployments of an environment have had, in their order by name. */
export async function environmentVolumes(db: Reader, environmentId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('deployment')
    .select('settings_json')
    .distinct()
    .where('environment_id', '=', environmentId)
    .where('settings_json', 'not like', '%"volumes":[]%')
    .execute();
  const names = rows.flatMap(({ settings_json }) =>
    (JSON.parse(settings_json) as DeployPlan).volumes.map(({ name }) => name),
  );
  return [...new Set(names)].sort();
}
