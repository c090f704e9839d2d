import type { EndStatus, Status } from '../core/status.ts';
import type { Tx } from '../store/store.ts';
import { removeManifestsOf } from './manifests.ts';
import { settleBuild } from './settle-environment.ts';
import { removeUnusedAttempts } from './step-attempts.ts';
import { transition } from './transition.ts';

interface WorkflowEnd {
  readonly workflowId: string;
  readonly buildId: string;
  readonly status: EndStatus;
  readonly reason: string | null;
  readonly at: number;
  /** What becomes of steps that ran; those that had not begun are skipped (or cancelled with it). */
  readonly running: { readonly status: EndStatus; readonly reason: string };
}

/** Ends a workflow, its build, and whatever of their steps has not ended; then looks at the deployments. */
export async function endWorkflow(tx: Tx, end: WorkflowEnd): Promise<void> {
  await endSteps(tx, end);
  const { workflowId, buildId, status: to, reason, at } = end;
  const set = { finished_at: at };
  await transition(tx, { table: 'workflow', id: workflowId, buildId, to, reason, at, set });
  await endBuild(tx, { buildId, status: to, reason, at });
}

/** Ends a build and settles its deployments by that. */
export async function endBuild(
  tx: Tx,
  { buildId, status, reason, at }: Pick<WorkflowEnd, 'buildId' | 'status' | 'reason' | 'at'>,
): Promise<void> {
  const set = { finished_at: at };
  await transition(tx, { table: 'build', id: buildId, buildId, to: status, reason, at, set });
  if (status !== 'success') await removeManifestsOf(tx, buildId, at);
  await settleBuild(tx, buildId, at);
}

/** Ends the steps and step attempts of a workflow's attempts that have not ended. */
export async function endSteps(
  tx: Tx,
  { workflowId, buildId, status, at, running }: Omit<WorkflowEnd, 'reason'>,
): Promise<void> {
  const waiting = status === 'cancelled' ? 'cancelled' : 'skipped';
  const steps = await tx.db
    .selectFrom('step')
    .select(['id', 'status'])
    .where('workflow_id', '=', workflowId)
    .execute();
  for (const step of steps) {
    await removeUnusedAttempts(tx, step.id);
    const attempts = await tx.db
      .selectFrom('step_attempt')
      .select(['id', 'status'])
      .where('step_id', '=', step.id)
      .execute();
    for (const { id, status: from } of attempts)
      await transition(tx, { table: 'step_attempt', id, ...endOf(from), set: { finished_at: at } });
    await transition(tx, { table: 'step', id: step.id, ...endOf(step.status) });
  }

  function endOf(from: Status) {
    const ran = from === 'running';
    return { buildId, to: ran ? running.status : waiting, reason: ran ? running.reason : null, at } as const;
  }
}
