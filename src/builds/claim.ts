import { TIMES } from '../../config/times.ts';
import { mustGoOn } from '../core/deployment.ts';
import { Problem } from '../core/problem.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../protocol/worker.ts';
import type { ClaimAnswer, ClaimRequest } from '../protocol/worker.ts';
import type { Work } from '../core/work.ts';
import type { Tx } from '../store/store.ts';
import type { KnownWorker } from './builds.ts';
import { claimDeployment, deploymentWork } from './claim-deployment.ts';
import { claimWorkflow, workflowWork } from './claim-workflow.ts';
import type { BuildsDeps } from './deps.ts';
import { leaseToken, openLeaseOf } from './lease-rows.ts';
import type { LeaseRow } from './lease-rows.ts';

/** A worker that asks for the work that a job named. */
export interface Claimant {
  readonly worker: KnownWorker;
  readonly bearer: string;
  readonly request: ClaimRequest;
}

/**
 * Grants the lease on what a job names, or says again what the same process was granted (its answer was lost).
 * @throws Problem `claim_refused`, also to a worker that drains, unless it is a deployment that has begun to switch;
 * `worker_superseded`, `protocol_wrong`.
 */
export async function claim(deps: BuildsDeps, tx: Tx, claimant: Claimant): Promise<ClaimAnswer> {
  const { request, worker, bearer } = claimant;
  demandProtocol(request.protocol);
  const { draining } = await demandInstance(tx, claimant);
  const open = await openLeaseOf(tx, request.subject.id);
  if (open === undefined && draining && !(await hasBegunToSwitch(tx, request.subject)))
    throw refuseClaim(request.subject, 'this worker drains');
  const lease =
    open === undefined ? await grant(deps, tx, claimant) : demandSameHolder(open, worker, request);
  return {
    lease: { id: lease.id, token: leaseToken(bearer, lease.id), fence: lease.fence, ttlMs: TIMES.lease },
    nowMs: deps.clock.nowMs(),
    work: await workOf(deps, tx, request.subject),
  };
}

/** @throws Problem `protocol_wrong` for a worker that is too old or too new; it names what to upgrade. */
export function demandProtocol(version: number): void {
  if (version >= OLDEST_PROTOCOL && version <= PROTOCOL_VERSION) return;
  throw new Problem('protocol_wrong', {
    version,
    supported: `${OLDEST_PROTOCOL} and ${PROTOCOL_VERSION}`,
    older: version < OLDEST_PROTOCOL ? 'worker' : 'server',
  });
}

export function refuseClaim(subject: ClaimRequest['subject'], cause: string): Problem {
  return new Problem('claim_refused', { subject: `${subject.id} (attempt ${subject.attempt})`, cause });
}

async function demandInstance(tx: Tx, { worker, request }: Claimant): Promise<{ draining: boolean }> {
  const row = await tx.db
    .selectFrom('worker')
    .select(['instance', 'draining_since'])
    .where('id', '=', worker.id)
    .executeTakeFirst();
  if (row?.instance !== request.instance) throw new Problem('worker_superseded', { worker: worker.name });
  return { draining: row.draining_since !== null };
}

/** Such a deployment is not new work, and perhaps no other worker has its router. */
async function hasBegunToSwitch(tx: Tx, subject: ClaimRequest['subject']): Promise<boolean> {
  if (subject.kind !== 'deployment') return false;
  const row = await tx.db
    .selectFrom('deployment')
    .select(['status', 'phase'])
    .where('id', '=', subject.id)
    .executeTakeFirst();
  return row !== undefined && mustGoOn(row);
}

function demandSameHolder(lease: LeaseRow, worker: KnownWorker, request: ClaimRequest): LeaseRow {
  if (
    lease.worker_id !== worker.id ||
    lease.worker_instance !== request.instance ||
    lease.attempt !== request.subject.attempt
  )
    throw refuseClaim(request.subject, 'another lease on it holds');
  return lease;
}

function grant(deps: BuildsDeps, tx: Tx, claimant: Claimant): Promise<LeaseRow> {
  return claimant.request.subject.kind === 'workflow'
    ? claimWorkflow(deps, tx, claimant)
    : claimDeployment(deps, tx, claimant);
}

function workOf(deps: BuildsDeps, tx: Tx, subject: ClaimRequest['subject']): Promise<Work> {
  return subject.kind === 'workflow' ? workflowWork(deps, tx, subject.id) : deploymentWork(tx, subject.id);
}
