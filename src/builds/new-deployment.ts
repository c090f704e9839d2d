import { newId } from '../core/id.ts';
import type { DeploymentCause } from '../core/deployment.ts';
import type { DeployPlan } from '../core/plan.ts';
import { environmentVolumes, volumeNames } from '../store/read/environment-volumes.ts';
import type { Tx } from '../store/store.ts';
import { recordEvent } from './record-event.ts';

export interface NewDeployment {
  readonly environmentId: string;
  readonly buildId: string | null;
  /** The workflow whose image it brings; null where the release is there already. */
  readonly workflowId: string | null;
  readonly releaseId: string | null;
  readonly cause: DeploymentCause;
  readonly settings: DeployPlan;
  readonly order: string | null;
  readonly at: number;
}

/** Records a deployment that waits for its turn, and which volumes its environment has with it. */
export async function insertDeployment(tx: Tx, made: NewDeployment): Promise<string> {
  const id = newId('dep', made.at);
  await keepVolumes(tx, made);
  await tx.db
    .insertInto('deployment')
    .values({
      id,
      environment_id: made.environmentId,
      build_id: made.buildId,
      workflow_id: made.workflowId,
      release_id: made.releaseId,
      cause: made.cause,
      status: 'pending',
      phase: 'waiting',
      reason: null,
      settings_json: JSON.stringify(made.settings),
      candidate: null,
      branch_order: made.order,
      log_id: id,
      worker_id: null,
      placed_at: null,
      created_at: made.at,
      started_at: null,
      switched_at: null,
      finished_at: null,
      cancel_requested: null,
    })
    .execute();
  await recordEvent(tx, {
    at: made.at,
    subject: 'deployment',
    subjectId: id,
    buildId: made.buildId,
    type: 'deployment.created',
    detail: { cause: made.cause, environment: made.environmentId, release: made.releaseId },
  });
  tx.changed('deployment', id);
  tx.changed('environment', made.environmentId);
  if (made.buildId !== null) tx.changed('build', made.buildId);
  return id;
}

/** A volume outlives the deployments that had it: it goes with the environment, and only when it is named. */
async function keepVolumes({ db }: Tx, { environmentId, settings }: NewDeployment): Promise<void> {
  const before = await environmentVolumes(db, environmentId);
  const after = volumeNames([...before.map((name) => ({ name })), ...settings.volumes]);
  await db
    .updateTable('environment')
    .set({ volumes_json: JSON.stringify(after) })
    .where('id', '=', environmentId)
    .execute();
}
