import type { SlotIndex } from '../core/deployment.ts';
import type { DeployPlan } from '../core/plan.ts';
import type { Reading, Tx } from '../store/store.ts';
import { abortSlots } from './environments.ts';
import { orderDeployments } from './order-deployments.ts';
import type { LiveRelease, OpenDeployment } from './order-deployments.ts';
import { bumpSignals } from './lease-rows.ts';
import { transition } from './transition.ts';

/** Looks again at every environment that a build's deployments wait for, and tells those at work. */
export async function settleBuild(tx: Tx, buildId: string, at: number): Promise<void> {
  const rows = await tx.db
    .selectFrom('deployment')
    .select(['id', 'environment_id'])
    .where('build_id', '=', buildId)
    .where('status', 'in', ['pending', 'running'])
    .execute();
  for (const row of rows) await bumpSignals(tx, row.id);
  for (const environmentId of new Set(rows.map((row) => row.environment_id)))
    await settleEnvironment(tx, environmentId, at);
}

/**
 * Does what {@link orderDeployments} decides: ends what will never switch and places what is next. Called in
 * each transaction that changes a deployment, a build with deployments, or what is live.
 */
export async function settleEnvironment(tx: Tx, environmentId: string, at: number): Promise<void> {
  const open = await openDeployments(tx, environmentId);
  const order = orderDeployments(open, await liveRelease(tx, environmentId));
  for (const { id, status, reason } of order.end) {
    const deployment = open.find((candidate) => candidate.id === id);
    if (deployment?.status === 'running') {
      await askToEnd(tx, id, `${status}: ${reason}`);
      continue;
    }
    const buildId = deployment?.buildId ?? null;
    const set = { finished_at: at };
    await transition(tx, { table: 'deployment', id, buildId, to: status, reason, at, set });
    // Its deployer may have been lost: the slot that it took was kept for the next one.
    const slot = { id, environment_id: environmentId, candidate: deployment?.candidate ?? null };
    await abortSlots(tx, slot, at);
  }
  await takeTurnsBack(tx, environmentId, order.next);
  if (order.next !== null) await placeDeployment(tx, order.next, at);
}

/** A job of one whose turn was taken by another may be on its way: its claim is refused. */
async function takeTurnsBack(tx: Tx, environmentId: string, next: string | null): Promise<void> {
  let query = tx.db
    .updateTable('deployment')
    .set({ placed_at: null })
    .where('environment_id', '=', environmentId)
    .where('status', '=', 'pending')
    .where('placed_at', 'is not', null);
  if (next !== null) query = query.where('id', '!=', next);
  await query.execute();
}

/** Tells a running deployment to undo what it prepared; `why` starts with the status that it shall end with. */
export async function askToEnd(tx: Tx, deploymentId: string, why: string): Promise<void> {
  await tx.db
    .updateTable('deployment')
    .set((eb) => ({ cancel_requested: why, version: eb('version', '+', 1) }))
    .where('id', '=', deploymentId)
    .execute();
  await bumpSignals(tx, deploymentId);
  tx.changed('deployment', deploymentId);
}

export async function placeDeployment(tx: Tx, deploymentId: string, at: number): Promise<void> {
  const result = await tx.db
    .updateTable('deployment')
    .set({ placed_at: at })
    .where('id', '=', deploymentId)
    .where('placed_at', 'is', null)
    .executeTakeFirst();
  if (result.numUpdatedRows > 0n) tx.changed('queue', deploymentId);
}

/** The deployments of an environment that have not ended, as {@link orderDeployments} wants them. */
export async function openDeployments(
  tx: Reading,
  environmentId: string,
): Promise<
  readonly (OpenDeployment & { readonly buildId: string | null; readonly candidate: SlotIndex | null })[]
> {
  const rows = await tx.db
    .selectFrom('deployment')
    .leftJoin('build', 'build.id', 'deployment.build_id')
    .leftJoin('workflow', 'workflow.id', 'deployment.workflow_id')
    .leftJoin('image', 'image.workflow_id', 'deployment.workflow_id')
    .select([
      'image.workflow_id as built',
      'workflow.status as workflow_status',
      'deployment.id',
      'deployment.cause',
      'deployment.status',
      'deployment.phase',
      'deployment.branch_order',
      'deployment.release_id',
      'deployment.settings_json',
      'deployment.cancel_requested',
      'deployment.candidate',
      'deployment.build_id',
      'build.number',
      'build.status as build_status',
    ])
    .where('deployment.environment_id', '=', environmentId)
    .where('deployment.status', 'in', ['pending', 'running'])
    .orderBy('deployment.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    buildId: row.build_id,
    candidate: row.candidate,
    cause: row.cause,
    status: row.status === 'running' ? 'running' : 'pending',
    phase: row.phase,
    order: row.branch_order,
    build:
      row.number === null || row.build_status === null
        ? null
        : { number: row.number, status: row.build_status },
    workflow: row.workflow_status,
    built: row.built !== null,
    released: row.release_id !== null,
    prepare: (JSON.parse(row.settings_json) as DeployPlan).prepare,
    ending: row.cancel_requested !== null,
  }));
}

async function liveRelease(tx: Tx, environmentId: string): Promise<LiveRelease | null> {
  const row = await tx.db
    .selectFrom('slot')
    .innerJoin('deployment', 'deployment.id', 'slot.deployment_id')
    .leftJoin('build', 'build.id', 'deployment.build_id')
    .select(['deployment.branch_order', 'build.number'])
    .where('slot.environment_id', '=', environmentId)
    .where('slot.role', '=', 'live')
    .executeTakeFirst();
  return row === undefined || row.branch_order === null || row.number === null
    ? null
    : { order: row.branch_order, number: row.number };
}
