import { Problem } from '../core/problem.ts';
import { removeBuild } from '../retention/remove-build.ts';
import { noNote, type Note, type Tx } from '../store/store.ts';
import type { ProjectDeps } from './database-projects.ts';

/** Builds in one transaction: a removal holds up no other writer for long. */
const BATCH = 5;

/**
 * Removes a project without environments, with all that is recorded of it: its builds first, some in a transaction, then
 * itself. Cut short, it goes on when it is asked for again. One that has environments or builds under way, also such as
 * come meanwhile, stays and says which: what is deployed belongs to it. Logs go with the next round of retention.
 */
export async function removeProject(
  { store, mirrors }: ProjectDeps,
  projectId: string,
  note: Note = noNote,
): Promise<void> {
  let isLeft = true;
  while (isLeft)
    isLeft = await store.transaction(async (tx) => {
      await demandUnused(tx, projectId);
      if (await removeSomeBuilds(tx, projectId)) return true;
      await tx.db.deleteFrom('notification_target').where('project_id', '=', projectId).execute();
      await tx.db.deleteFrom('schedule').where('project_id', '=', projectId).execute();
      await tx.db.deleteFrom('secret').where('project_id', '=', projectId).execute();
      await tx.db.deleteFrom('project').where('id', '=', projectId).execute();
      tx.changed('project', projectId);
      await note(tx);
      return false;
    });
  await mirrors.remove(projectId);
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
