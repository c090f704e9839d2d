import type { Status } from '../../core/status.ts';
import type { Reader } from './view-context.ts';

/** So many of a project's newest builds are looked through: who asks need not be known, and pays nothing. */
const LOOKED_AT = 1_000;

/**
 * Status of the newest build of a project's branch, by a push or by hand; of the default branch where none is named.
 * `undefined`: there is no such project; null: no such build among its newest 1,000.
 */
export async function readNewestStatus(
  db: Reader,
  projectId: string,
  branch: string | null,
): Promise<Status | null | undefined> {
  const project = await db
    .selectFrom('project')
    .select(['default_branch', 'next_build_number'])
    .where('id', '=', projectId)
    .executeTakeFirst();
  if (project === undefined) return undefined;
  const build = await db
    .selectFrom('build')
    .select('status')
    .where('project_id', '=', projectId)
    .where('number', '>=', Number(project.next_build_number) - LOOKED_AT)
    .where('branch', '=', branch ?? project.default_branch)
    .where('event_kind', 'in', ['push', 'manual'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return build?.status ?? null;
}
