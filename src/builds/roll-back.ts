import type { Release } from '../core/deployment.ts';
import { mayAbort } from '../core/deployment.ts';
import { isEnd } from '../core/status.ts';
import { Problem } from '../core/problem.ts';
import { rollbackTarget } from '../store/read/rollback-target.ts';
import type { Tx } from '../store/store.ts';
import { abortSlots, demandStays } from './environments.ts';
import { insertDeployment } from './new-deployment.ts';
import { askToEnd, settleEnvironment } from './settle-environment.ts';
import { transition } from './transition.ts';

/** See `Builds.rollBack`. */
export async function rollBack(
  tx: Tx,
  environmentId: string,
  { deploymentId, at }: { deploymentId: string | null; at: number },
): Promise<string> {
  const environment = await tx.db
    .selectFrom('environment')
    .select('name')
    .where('id', '=', environmentId)
    .executeTakeFirst();
  if (environment === undefined) throw new Problem('not_found', { what: 'environment', id: environmentId });
  await demandStays(tx, environmentId);
  const releaseId =
    deploymentId === null
      ? (await rollbackTarget(tx.db, environmentId))?.releaseId
      : await releaseOf(tx, environmentId, deploymentId);
  if (releaseId === undefined) throw new Problem('nothing_to_roll_back', { environment: environment.name });
  const { release_json, branch_order } = await tx.db
    .selectFrom('release')
    .leftJoin('build', 'build.id', 'release.build_id')
    .select(['release.release_json', 'build.branch_order'])
    .where('release.id', '=', releaseId)
    .executeTakeFirstOrThrow();
  const release = JSON.parse(release_json) as Release;
  const made = await insertDeployment(tx, {
    environmentId,
    buildId: release.buildId,
    workflowId: null,
    releaseId,
    cause: 'rollback',
    settings: release.settings,
    order: branch_order,
    at,
  });
  await settleEnvironment(tx, environmentId, at);
  return made;
}

async function releaseOf(tx: Tx, environmentId: string, deploymentId: string): Promise<string> {
  const row = await tx.db
    .selectFrom('deployment')
    .select(['release_id', 'status'])
    .where('id', '=', deploymentId)
    .where('environment_id', '=', environmentId)
    .executeTakeFirst();
  if (row?.release_id == null || row.status !== 'success')
    throw new Problem('not_found', { what: 'successful deployment', id: deploymentId });
  return row.release_id;
}

/** See `Builds.cancelDeployment`. */
export async function cancelDeployment(tx: Tx, id: string, reason: string, at: number): Promise<void> {
  const row = await tx.db.selectFrom('deployment').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'deployment', id });
  if (isEnd(row.status)) throw new Problem('already_ended', { what: 'deployment', id, status: row.status });
  if (!mayAbort(row.phase)) throw new Problem('conflict', { what: 'deployment', id });
  if (row.status === 'running') return askToEnd(tx, id, `cancelled: ${reason}`);
  const set = { finished_at: at };
  await transition(tx, { table: 'deployment', id, buildId: row.build_id, to: 'cancelled', reason, at, set });
  await abortSlots(tx, row, at);
  await settleEnvironment(tx, row.environment_id, at);
}
