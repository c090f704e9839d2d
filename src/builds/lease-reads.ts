import { Problem } from '../core/problem.ts';
import type { TakenArtifact } from '../core/work.ts';
import { takenArtifacts } from '../store/read/taken-artifacts.ts';
import type { Reading } from '../store/store.ts';
import type { KnownWorker, OpenLease } from './builds.ts';
import { demandLease, isLeaseToken } from './lease-rows.ts';

/** The lease that a request shows. A finished one is found too: its last report may come twice. */
export async function openLease(
  reading: Reading,
  { worker, leaseId, token }: { worker: KnownWorker; leaseId: string; token: string },
): Promise<OpenLease> {
  const row = await reading.db.selectFrom('lease').selectAll().where('id', '=', leaseId).executeTakeFirst();
  if (row === undefined || row.worker_id !== worker.id || !isLeaseToken(row, token))
    throw new Problem('lease_lost', { lease: leaseId, cause: 'it is not known' });
  const subject = { kind: row.subject_kind, id: row.subject_id, attempt: row.attempt };
  return { id: row.id, fence: row.fence, subject };
}

/** The workflow that the lease is of. @throws Problem `lease_lost`; `not_allowed` for a deployment's. */
export async function workflowOf(reading: Reading, lease: OpenLease): Promise<string> {
  await demandLease(reading, lease.id);
  if (lease.subject.kind !== 'workflow') throw new Problem('not_allowed');
  return lease.subject.id;
}

/**
 * An artifact that the workflow of the lease takes.
 * @throws Problem `lease_lost`; `not_allowed` for a deployment's; `artifact_gone` for any other one, and one that has expired.
 */
export async function takenArtifact(
  reading: Reading,
  lease: OpenLease,
  { id, nowMs }: { id: string; nowMs: number },
): Promise<TakenArtifact> {
  const takes = await takenArtifacts(reading, await workflowOf(reading, lease), nowMs);
  const found = takes?.artifacts.find((one) => one.id === id);
  if (found === undefined) throw new Problem('artifact_gone', { name: id.slice(0, 80) });
  return found;
}

/** Logs that may be written under the lease. @throws Problem `lease_lost`. */
export async function logsOf(reading: Reading, lease: OpenLease): Promise<ReadonlySet<string>> {
  await demandLease(reading, lease.id);
  const { kind, id, attempt } = lease.subject;
  if (kind === 'deployment') {
    const row = await reading.db
      .selectFrom('deployment')
      .select('log_id')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return new Set([row.log_id, `app_${id}`]);
  }
  const rows = await reading.db
    .selectFrom('step')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .select('step_attempt.id')
    .where('step.workflow_id', '=', id)
    .where('step.workflow_attempt', '=', attempt)
    .execute();
  return new Set(rows.map((row) => row.id));
}
