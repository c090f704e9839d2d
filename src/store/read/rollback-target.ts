import type { Reader } from './view-context.ts';

/** What a rollback of an environment would bring back. */
export interface RollbackTarget {
  readonly deploymentId: string;
  readonly releaseId: string;
  /** Its container runs already, as standby. */
  readonly hot: boolean;
}

/** The hot standby, else the newest earlier deployment of another release than live's; null for none. */
export async function rollbackTarget(db: Reader, environmentId: string): Promise<RollbackTarget | null> {
  const slots = await db
    .selectFrom('slot')
    .select(['role', 'release_id', 'deployment_id'])
    .where('environment_id', '=', environmentId)
    .execute();
  const standby = slots.find(({ role }) => role === 'standby');
  if (standby?.release_id != null && standby.deployment_id !== null)
    return { deploymentId: standby.deployment_id, releaseId: standby.release_id, hot: true };
  const live = slots.find(({ role }) => role === 'live');
  if (live === undefined) return null;
  const earlier = await db
    .selectFrom('deployment')
    .select(['id', 'release_id'])
    .where('environment_id', '=', environmentId)
    .where('status', '=', 'success')
    .where('release_id', 'is not', null)
    .where('release_id', '!=', live.release_id ?? '')
    .where('id', '<', live.deployment_id ?? '')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return earlier?.release_id == null
    ? null
    : { deploymentId: earlier.id, releaseId: earlier.release_id, hot: false };
}
