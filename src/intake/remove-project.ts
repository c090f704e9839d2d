import { Problem } from '../core/problem.ts';
import { noNote, type Note } from '../store/store.ts';
import type { ProjectDeps } from './database-projects.ts';

/**
 * Removes a project without environments, with all that is recorded of it. One that has some stays, and says which: what is
 * deployed belongs to it.
 */
export async function removeProject(
  { store, mirrors }: ProjectDeps,
  projectId: string,
  note: Note = noNote,
): Promise<void> {
  await store.transaction(async (tx) => {
    const { db } = tx;
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
    const builds = db.selectFrom('build').where('project_id', '=', projectId).select('id');
    const workflows = db.selectFrom('workflow').where('build_id', 'in', builds).select('id');
    const steps = db.selectFrom('step').where('workflow_id', 'in', workflows).select('id');
    await db.deleteFrom('step_attempt').where('step_id', 'in', steps).execute();
    await db.deleteFrom('step').where('workflow_id', 'in', workflows).execute();
    await db.deleteFrom('artifact').where('build_id', 'in', builds).execute();
    await db.deleteFrom('test_result').where('build_id', 'in', builds).execute();
    await db.deleteFrom('test_report').where('build_id', 'in', builds).execute();
    await db.deleteFrom('image').where('build_id', 'in', builds).execute();
    await db.deleteFrom('workflow').where('build_id', 'in', builds).execute();
    await db.deleteFrom('staging').where('build_id', 'in', builds).execute();
    await db.deleteFrom('manifest').where('build_id', 'in', builds).execute();
    await db.deleteFrom('delivery_build').where('build_id', 'in', builds).execute();
    await db.deleteFrom('build').where('project_id', '=', projectId).execute();
    await db.deleteFrom('notification_target').where('project_id', '=', projectId).execute();
    await db.deleteFrom('secret').where('project_id', '=', projectId).execute();
    await db.deleteFrom('project').where('id', '=', projectId).execute();
    tx.changed('project', projectId);
    await note(tx);
  });
  await mirrors.remove(projectId);
}
