import { sql } from 'kysely';
import { buildsInUse } from '../builds/index.ts';
import { rollbackTarget } from '../store/read/rollback-target.ts';
import type { Reading } from '../store/store.ts';
import { logsOfBuild } from './read-history.ts';

/**
 * Those of these builds that something stands on: a release in a slot or one that may be rolled back to without a pull
 * or with a click, a deployment or an effect that is still to come, a lease; and of each project its newest
 * success and the newest build of its default branch.
 */
export async function readUses(
  reading: Reading,
  builds: readonly { readonly id: string; readonly projectId: string }[],
): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (const projectId of new Set(builds.map((build) => build.projectId)))
    for (const id of await usedInProject(reading, projectId)) used.add(id);
  for (const { id } of builds) if (!used.has(id) && (await hasOpenEnds(reading, id))) used.add(id);
  return used;
}

async function usedInProject(reading: Reading, projectId: string): Promise<readonly string[]> {
  const environments = await reading.db
    .selectFrom('environment')
    .select('id')
    .where('project_id', '=', projectId)
    .execute();
  const newest = await Promise.all([
    newestSuccess(reading, projectId),
    newestOfDefaultBranch(reading, projectId),
  ]);
  const deployed = await Promise.all(environments.map(({ id }) => usedInEnvironment(reading, id)));
  return [...newest, ...deployed].flat();
}

async function newestSuccess({ db }: Reading, projectId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', projectId)
    // Not as a parameter: SQLite would not see that the index of the successful ones will do.
    .where('status', '=', sql.lit('success'))
    .orderBy('number', 'desc')
    .limit(1)
    .execute();
  return rows.map(({ id }) => id);
}

async function newestOfDefaultBranch({ db }: Reading, projectId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', projectId)
    .where('ref_name', '=', (eb) =>
      eb.selectFrom('project').select('default_branch').where('id', '=', projectId),
    )
    .where('event_kind', 'in', ['push', 'manual'])
    .orderBy('number', 'desc')
    .limit(1)
    .execute();
  return rows.map(({ id }) => id);
}

async function usedInEnvironment(reading: Reading, environmentId: string): Promise<readonly string[]> {
  const { db } = reading;
  const target = await rollbackTarget(db, environmentId);
  const slots = await db
    .selectFrom('slot')
    .select(['deployment_id', 'started_by', 'release_id'])
    .where('environment_id', '=', environmentId)
    .execute();
  const deployments = slots.flatMap((slot) => [slot.deployment_id, slot.started_by]);
  const releases = [...slots.map(({ release_id }) => release_id), target?.releaseId ?? null];
  return [
    ...(await buildsInUse(reading, environmentId)),
    ...(await buildsOf(reading, 'deployment', [...deployments, target?.deploymentId ?? null])),
    ...(await buildsOf(reading, 'release', releases)),
  ];
}

async function buildsOf(
  { db }: Reading,
  table: 'deployment' | 'release',
  ids: readonly (string | null)[],
): Promise<readonly string[]> {
  const named = ids.filter((id) => id !== null);
  if (named.length === 0) return [];
  const rows = await db.selectFrom(table).select('build_id').where('id', 'in', named).execute();
  return rows.flatMap(({ build_id }) => build_id ?? []);
}

/** Whether something of the build, which has ended, is still to come: a deployment, an effect, the end of a lease. */
async function hasOpenEnds(reading: Reading, buildId: string): Promise<boolean> {
  const { db } = reading;
  const deployment = await db
    .selectFrom('deployment')
    .select('id')
    .where('build_id', '=', buildId)
    .where('status', 'in', ['blocked', 'pending', 'running'])
    .executeTakeFirst();
  if (deployment !== undefined) return true;
  const workflows = await db.selectFrom('workflow').select('id').where('build_id', '=', buildId).execute();
  const deployments = await db
    .selectFrom('deployment')
    .select('id')
    .where('build_id', '=', buildId)
    .execute();
  const worked = [...workflows, ...deployments].map(({ id }) => id);
  const subjects = [buildId, ...worked, ...(await logsOfBuild(reading, buildId))];
  const effect = await db
    .selectFrom('outbox')
    .select('id')
    .where('subject_id', 'in', subjects)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  if (effect !== undefined || worked.length === 0) return effect !== undefined;
  const lease = await db
    .selectFrom('lease')
    .select('id')
    .where('subject_id', 'in', worked)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return lease !== undefined;
}
