import type { Selectable } from 'kysely';
import { Problem } from '../core/problem.ts';
import type { Remote } from '../ports/repositories.ts';
import type { ProjectTable } from '../store/schema.ts';
import type { IntakeDeps } from './intake-deps.ts';

export type ProjectRow = Selectable<ProjectTable>;

/** The project that builds a repository of the Git host, rather one that is not being removed; null when none does. */
export async function findProjectOf(
  { store }: Pick<IntakeDeps, 'store'>,
  repository: string,
): Promise<ProjectRow | null> {
  const row = await store.db
    .selectFrom('project')
    .where('host_repository', '=', repository)
    .orderBy((eb) => eb('removing_at', 'is not', null))
    .orderBy('id')
    .selectAll()
    .executeTakeFirst();
  return row ?? null;
}

/** Where a project is fetched from, with what opens it. */
export async function remoteOf(deps: Pick<IntakeDeps, 'secrets'>, project: ProjectRow): Promise<Remote> {
  return { url: project.clone_url, credentials: await deps.secrets.cloneCredentials(project.id) };
}

/** @throws Problem `project_removing`. */
export function demandStaying({ removing_at, path }: ProjectRow): void {
  if (removing_at !== null) throw new Problem('project_removing', { project: path });
}

/** @throws Problem `not_found`. */
export async function findProject(
  { store }: Pick<IntakeDeps, 'store'>,
  projectId: string,
): Promise<ProjectRow> {
  const row = await store.db.selectFrom('project').where('id', '=', projectId).selectAll().executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
  return row;
}
