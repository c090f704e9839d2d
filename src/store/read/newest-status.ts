import type { Status } from '../../core/status.ts';
import type { Reader } from './view-context.ts';

/**
 * Status of the newest build of a project's branch, by a push or by hand; of the default branch where none is named.
 * `undefined`: there is no such project; null: no such build. Found by an index, for anybody may ask.
 */
export async function readNewestStatus(
  db: Reader,
  projectId: string,
  branch: string | null,
): Promise<Status | null | undefined> {
  const project = await db
    .selectFrom('project')
    .select('default_branch')
    .where('id', '=', projectId)
    .executeTakeFirst();
  if (project === undefined) return undefined;
  const build = await db
    .selectFrom('build')
    .select('status')
    .where('project_id', '=', projectId)
    .where('ref_name', '=', branch ?? project.default_branch)
    .where('event_kind', 'in', ['push', 'manual'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return build?.status ?? null;
}
