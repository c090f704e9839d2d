import { Problem } from '../core/problem.ts';
import { removeBuild } from '../retention/remove-build.ts';
import { noNote, type Note, type Tx } from '../store/store.ts';
import type { ProjectDeps } from './database-projects.ts';

/** Builds in one transaction: a removal holds up no other writer for long. */
const BATCH = 5;

/**
 * Removes a project without environments, with all that is recorded of it: its builds first, some in a transaction, then
 * itself. One that has environments or builds under way stays and says which: what is deployed belongs to it. From the first
 * transaction on it takes no new build, so that the removal ends. Cut short, it goes on with the next start, or when it is
 * asked for again. Logs go with the next round of retention.
 * @param note Written with the first transaction.
 */
export async function removeProject(
  deps: Pick<ProjectDeps, 'store' | 'mirrors' | 'clock'>,
  projectId: string,
  note: Note = noNote,
): Promise<void> {
  const isLeft = await deps.store.transaction(async (tx) => {
    await demandUnused(tx, projectId);
    await tx.db
      .updateTable('project')
      .set((eb) => ({ removing_at: deps.clock.nowMs(), version: eb('version', '+', 1) }))
      .where('id', '=', projectId)
      .where('removing_at', 'is', null)
      .execute();
    await note(tx);
    return removeSome(tx, projectId);
  });
  await removeRest(deps, projectId, isLeft);
}

/** Goes on with what {@link removeProject} has begun, of all projects, until `stopping`. */
export async function endRemovals(deps: ProjectDeps, stopping: AbortSignal): Promise<void> {
  const projects = await deps.store.db
    .selectFrom('project')
    .where('removing_at', 'is not', null)
    .orderBy('removing_at')
    .select('id')
    .execute();
  for (const { id: projectId } of projects)
    await removeRest(deps, projectId, true, stopping).catch((error: unknown) =>
      deps.log.error({ err: error, projectId }, 'the removal of a project was left for the next start'),
    );
}

async function removeRest(
  { store, mirrors }: Pick<ProjectDeps, 'store' | 'mirrors'>,
  projectId: string,
  isLeft: boolean,
  stopping?: AbortSignal,
): Promise<void> {
  for (let left = isLeft; left; left = await store.transaction((tx) => removeSome(tx, projectId)))
    if (stopping?.aborted === true) return;
  await mirrors.remove(projectId);
}

/** Whether anything of it was left before. */
async function removeSome(tx: Tx, projectId: string): Promise<boolean> {
  if (await removeSomeBuilds(tx, projectId)) return true;
  await tx.db.deleteFrom('notification_target').where('project_id', '=', projectId).execute();
  await tx.db.deleteFrom('schedule').where('project_id', '=', projectId).execute();
  await tx.db.deleteFrom('secret').where('project_id', '=', projectId).execute();
  await tx.db.deleteFrom('project').where('id', '=', projectId).execute();
  tx.changed('project', projectId);
  return false;
}

/** @throws Problem `not_found`; `in_use` for one with environments, or builds that run or wait. */
async function demandUnused({ db }: Tx, projectId: string): Promise<void> {
  const project = await db
    .selectFrom('project')
    .where('id', '=', projectId)
    .select('path')
    .executeTakeFirst();
  if (project === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
  const environments = await db
    .selectFrom('environment')
    .where('project_id', '=', projectId)
    .select('name')
    .orderBy('name')
    .execute();
  const build = await db
    .selectFrom('build')
    .where('project_id', '=', projectId)
    .where('status', 'in', ['pending', 'running', 'blocked'])
    .select('number')
    .executeTakeFirst();
  const by =
    environments.length === 0
      ? build && `build ${project.path}#${build.number}`
      : `its ${environments.length === 1 ? 'environment' : 'environments'} ${environments.map(({ name }) => name).join(', ')}`;
  if (by !== undefined) throw new Problem('in_use', { what: 'project', id: project.path, by });
}

/** Whether there were some. */
async function removeSomeBuilds(tx: Tx, projectId: string): Promise<boolean> {
  const builds = await tx.db
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', projectId)
    .orderBy('number')
    .limit(BATCH)
    .execute();
  for (const { id } of builds) await removeBuild(tx, id);
  return builds.length > 0;
}
