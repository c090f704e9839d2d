import type { DeployPlan, Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { LeaseSecrets } from '../core/work.ts';
import type { Reading } from '../store/store.ts';
import type { KnownWorker, OpenLease } from './builds.ts';
import type { BuildsDeps } from './deps.ts';
import { demandLease, isLeaseToken } from './lease-rows.ts';
import { secretsOf, workflowSecrets } from './step-rows.ts';

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

/** Decrypted values that the work's plan mentions. @throws Problem `lease_lost`. */
export async function readLeaseSecrets(deps: BuildsDeps, lease: OpenLease): Promise<LeaseSecrets> {
  await demandLease(deps.store, lease.id);
  const { kind, id } = lease.subject;
  const wanted =
    kind === 'workflow' ? await workflowNames(deps.store, id) : await deploymentNames(deps.store, id);
  return deps.secrets.forLease({ ...wanted, clone: kind === 'workflow' });
}

async function workflowNames({ db }: Reading, workflowId: string) {
  const row = await db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select(['build.project_id', 'build.plan_json'])
    .where('workflow.id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const names = workflowSecrets(JSON.parse(row.plan_json ?? 'null') as Plan);
  return { projectId: row.project_id, names };
}

async function deploymentNames({ db }: Reading, deploymentId: string) {
  const row = await db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .select(['environment.project_id', 'deployment.settings_json'])
    .where('deployment.id', '=', deploymentId)
    .executeTakeFirstOrThrow();
  const names = secretsOf((JSON.parse(row.settings_json) as DeployPlan).env);
  return { projectId: row.project_id, names };
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
