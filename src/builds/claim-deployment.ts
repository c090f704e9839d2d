import { newId } from '../core/id.ts';
import { mustGoOn } from '../core/deployment.ts';
import type { Release } from '../core/deployment.ts';
import type { BuiltImage } from '../core/image.ts';
import type { DeployPlan } from '../core/plan.ts';
import { applySlotAction, chooseCandidate } from '../core/slots.ts';
import type { BuiltRelease, DeployedEnvironment, DeploymentWork } from '../core/work.ts';
import { deliveryOfBuild } from '../store/read/delivery-of.ts';
import type { Reading, Tx } from '../store/store.ts';
import { refuseClaim } from './claim.ts';
import type { Claimant } from './claim.ts';
import type { BuildsDeps } from './deps.ts';
import { readSlots, writeSlots } from './environments.ts';
import { grantLease } from './lease-rows.ts';
import type { LeaseRow } from './lease-rows.ts';
import { transition } from './transition.ts';

/**
 * Grants a deployment whose turn it is, or one that was switching when its deployer was lost, to a worker that
 * has the environment's router. The first claim records the slot that it prepares.
 */
export async function claimDeployment(deps: BuildsDeps, tx: Tx, claimant: Claimant): Promise<LeaseRow> {
  const { worker, bearer, request } = claimant;
  const { subject } = request;
  const row = await tx.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .selectAll('deployment')
    .select('environment.router')
    .where('deployment.id', '=', subject.id)
    .executeTakeFirst();
  if (row === undefined) throw refuseClaim(subject, 'it is not known');
  if (!worker.routers.includes(row.router))
    throw refuseClaim(subject, `this worker has no router ${row.router}`);
  if (row.attempt !== subject.attempt) throw refuseClaim(subject, `its attempt is ${row.attempt}`);
  if (row.placed_at === null) throw refuseClaim(subject, 'it is not its turn');
  const resumes = mustGoOn(row);
  if (row.status !== 'pending' && !resumes) throw refuseClaim(subject, `it is ${row.status}`);
  const at = deps.clock.nowMs();
  const slots = await readSlots(tx, row.environment_id);
  // One that was lost before its switch may have left its slot to another deployment, which is live there by now.
  const kept = resumes || slots.some((slot) => slot.index === row.candidate && slot.deploymentId === row.id);
  const candidate = (kept ? row.candidate : null) ?? chooseCandidate(slots, row.release_id);
  const set = {
    candidate,
    worker_id: worker.id,
    started_at: row.started_at ?? at,
    ...(row.attempt > 1 && { log_id: newId('dep', at) }),
  };
  const change = {
    table: 'deployment',
    id: subject.id,
    buildId: row.build_id,
    reason: null,
    at,
    set,
  } as const;
  if (resumes) await tx.db.updateTable('deployment').set(set).where('id', '=', subject.id).execute();
  else await transition(tx, { ...change, to: 'running' });
  if (!resumes) {
    const port = (JSON.parse(row.settings_json) as DeployPlan).port;
    const prepare = {
      type: 'prepare',
      candidate,
      deploymentId: row.id,
      releaseId: row.release_id,
      port,
    } as const;
    const after = applySlotAction(slots, prepare);
    await writeSlots(tx, row.environment_id, { before: slots, after, at });
  }
  await tx.db
    .updateTable('environment')
    .set((eb) => ({ fence: eb('fence', '+', 1), version: eb('version', '+', 1) }))
    .where('id', '=', row.environment_id)
    .execute();
  tx.changed('deployment', row.id);
  tx.changed('environment', row.environment_id);
  return grantLease(tx, {
    subject,
    workerId: worker.id,
    workerInstance: request.instance,
    bearer,
    buildId: row.build_id,
    at,
  });
}

/** What the deployer gets; the same for a claim that is repeated. */
export async function deploymentWork(tx: Tx, deploymentId: string): Promise<DeploymentWork> {
  const row = await tx.db
    .selectFrom('deployment')
    .leftJoin('build', 'build.id', 'deployment.build_id')
    .leftJoin('image', 'image.workflow_id', 'deployment.workflow_id')
    .select([
      'deployment.cause',
      'deployment.phase',
      'deployment.candidate',
      'deployment.log_id',
      'deployment.release_id',
      'deployment.environment_id',
      'deployment.settings_json',
      'build.id as buildId',
      deliveryOfBuild().as('deliveryId'),
      'build.commit',
      'image.built_json',
    ])
    .where('deployment.id', '=', deploymentId)
    .executeTakeFirstOrThrow();
  return {
    kind: 'deployment',
    deploymentId,
    cause: row.cause,
    build: row.buildId === null ? null : { id: row.buildId, deliveryId: row.deliveryId },
    environment: await deployedEnvironment(tx, row.environment_id),
    release: await readRelease(tx, row.release_id),
    built: row.release_id === null ? builtRelease(row) : null,
    phase: row.phase,
    slots: await readSlots(tx, row.environment_id),
    candidate: row.candidate ?? 0,
    logId: row.log_id,
  };
}

function builtRelease(row: {
  commit: string | null;
  built_json: string | null;
  settings_json: string;
}): BuiltRelease | null {
  if (row.commit === null || row.built_json === null) return null;
  const { imageId } = JSON.parse(row.built_json) as BuiltImage;
  return { imageId, commit: row.commit, settings: JSON.parse(row.settings_json) as DeployPlan };
}

/** An environment as its router knows it. */
export async function deployedEnvironment(tx: Reading, environmentId: string): Promise<DeployedEnvironment> {
  const row = await tx.db
    .selectFrom('environment')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select([
      'environment.name',
      'environment.backend',
      'environment.hosts_json',
      'environment.fence',
      'project.path',
    ])
    .where('environment.id', '=', environmentId)
    .executeTakeFirstOrThrow();
  return {
    id: environmentId,
    name: row.name,
    projectPath: row.path,
    backend: row.backend,
    hosts: JSON.parse(row.hosts_json) as string[],
    fence: row.fence,
  };
}

export async function readRelease(tx: Reading, releaseId: string | null): Promise<Release | null> {
  if (releaseId === null) return null;
  const row = await tx.db
    .selectFrom('release')
    .select('release_json')
    .where('id', '=', releaseId)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.release_json) as Release);
}
