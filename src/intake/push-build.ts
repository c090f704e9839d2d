import type { Selectable } from 'kysely';
import type { PushEvent } from '../core/event.ts';
import type { BuildTable } from '../store/schema.ts';
import type { Store, Tx } from '../store/store.ts';

/** The newest build of a push of this commit to this branch; null when there is none. */
export async function findPushBuild(
  { db }: Pick<Tx | Store, 'db'>,
  projectId: string,
  push: PushEvent,
): Promise<Pick<Selectable<BuildTable>, 'id' | 'status'> | null> {
  return (await pushBuilds(db, projectId, push).executeTakeFirst()) ?? null;
}

/**
 * The build that a pull request's delivery made of this very push, when no push has claimed it yet. A second push
 * of the same commit (back and forth on a branch) finds none and is built again.
 */
export async function takeOverPullRequestBuild(
  tx: Tx,
  projectId: string,
  push: PushEvent,
): Promise<string | null> {
  const newest = await pushBuilds(tx.db, projectId, push).executeTakeFirst();
  if (newest === undefined) return null;
  const links = await tx.db
    .selectFrom('delivery_build')
    .where('build_id', '=', newest.id)
    .select('pull_request')
    .execute();
  const isFree = links.length > 0 && links.every((link) => link.pull_request !== null);
  return isFree ? newest.id : null;
}

function pushBuilds(db: Store['db'], projectId: string, push: PushEvent) {
  return db
    .selectFrom('build')
    .where('project_id', '=', projectId)
    .where('commit', '=', push.commit)
    .where('event_kind', '=', 'push')
    .where('branch', '=', push.branch)
    .where('rerun_of', 'is', null)
    .orderBy('id', 'desc')
    .select(['id', 'status']);
}
