import type { Selectable } from 'kysely';
import type { ProjectView } from '../../core/views/project-view.ts';
import type { ProjectTable } from '../schema.ts';
import { readBuildSummary } from './builds.ts';
import type { Reader, ViewContext } from './view-context.ts';

/** Projects by path. */
export async function readProjects(db: Reader, context: ViewContext): Promise<readonly ProjectView[]> {
  const rows = await db.selectFrom('project').orderBy('path').selectAll().execute();
  return Promise.all(rows.map((row) => toView(db, row, context)));
}

/** A project by its id or its path; null when there is none. */
export async function readProject(
  db: Reader,
  idOrPath: string,
  context: ViewContext,
): Promise<ProjectView | null> {
  const row = await db
    .selectFrom('project')
    .where((eb) => eb.or([eb('id', '=', idOrPath), eb('path', '=', idOrPath)]))
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : toView(db, row, context);
}

async function toView(db: Reader, row: Selectable<ProjectTable>, context: ViewContext): Promise<ProjectView> {
  const [secrets, last] = await Promise.all([
    db.selectFrom('secret').where('project_id', '=', row.id).orderBy('name').select('name').execute(),
    db
      .selectFrom('build')
      .where('project_id', '=', row.id)
      .orderBy('id', 'desc')
      .select('id')
      .limit(1)
      .executeTakeFirst(),
  ]);
  return {
    id: row.id,
    path: row.path,
    cloneUrl: row.clone_url,
    defaultBranch: row.default_branch,
    createdAtMs: row.created_at,
    secretNames: secrets.map((secret) => secret.name),
    connection: row.host_token !== null ? 'token' : row.installation_id !== null ? 'app' : null,
    sharedWith: sharedWith(row),
    removingSinceMs: row.removing_at,
    lastBuild: last === undefined ? null : await readBuildSummary(db, last.id, context),
  };
}

/** Patterns of the projects that may include a project's files; see `core/project-path.ts`. */
export function sharedWith({ shared_with_json: json }: Pick<Selectable<ProjectTable>, 'shared_with_json'>) {
  return json === null ? [] : (JSON.parse(json) as readonly string[]);
}
