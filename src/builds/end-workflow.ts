import type { MatrixValues } from '../core/plan.ts';
import type { EndStatus, Status } from '../core/status.ts';
import type { Tx } from '../store/store.ts';
import { decideWorkflows } from '../core/decide-workflows.ts';
import { removeManifestsOf } from './manifests.ts';
import { settleBuild } from './settle-environment.ts';
import { removeUnusedAttempts } from './step-attempts.ts';
import { transition } from './transition.ts';

interface WorkflowEnd {
  readonly workflowId: string;
  readonly buildId: string;
  readonly status: EndStatus;
  readonly reason: string | null;
  /** As in a transition. */
  readonly code: string | null;
  readonly at: number;
  /** What becomes of steps that ran; those that had not begun are skipped (or cancelled with it). */
  readonly running: Pick<WorkflowEnd, 'status' | 'code'> & { readonly reason: string };
}

/** Ends a workflow and whatever of its steps has not ended, and does what follows for its build. */
export async function endWorkflow(tx: Tx, end: WorkflowEnd): Promise<void> {
  await endWorkflows(tx, [end]);
}

/** Ends workflows of one build together; what follows is decided once they all have. */
export async function endWorkflows(tx: Tx, ends: readonly WorkflowEnd[]): Promise<void> {
  for (const end of ends) await endAlone(tx, end);
  const [first] = ends;
  if (first !== undefined) await settleWorkflows(tx, first.buildId, first.at);
}

async function endAlone(tx: Tx, end: WorkflowEnd): Promise<void> {
  await endSteps(tx, end);
  const { workflowId, buildId, status: to, reason, code, at } = end;
  const set = { finished_at: at };
  await transition(tx, { table: 'workflow', id: workflowId, buildId, to, reason, code, at, set });
}

/** Does what {@link decideWorkflows} decides: ends what will never run, and the build once all have ended. */
export async function settleWorkflows(tx: Tx, buildId: string, at: number): Promise<void> {
  const rows = await tx.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select([
      'workflow.id',
      'workflow.name',
      'workflow.status',
      'workflow.reason',
      'workflow.code',
      'workflow.depends_on_json',
      'workflow.runs_on_json',
      'workflow.matrix_json',
      'build.cancel_requested',
    ])
    .where('workflow.build_id', '=', buildId)
    .orderBy('workflow.position')
    .execute();
  const workflows = rows.map((row) => ({
    id: row.id,
    name: row.name,
    matrix: JSON.parse(row.matrix_json ?? 'null') as MatrixValues | null,
    status: row.status,
    reason: row.reason,
    code: row.code,
    dependsOn: JSON.parse(row.depends_on_json) as string[],
    runsOn: JSON.parse(row.runs_on_json) as ('success' | 'failure')[],
  }));
  const { end, build } = decideWorkflows(workflows, rows[0]?.cancel_requested ?? null);
  for (const { id: workflowId, status, reason } of end) {
    const never = { status, reason, code: null };
    await endAlone(tx, { ...never, workflowId, buildId, at, running: never });
  }
  if (build !== null) await endBuild(tx, { buildId, code: null, ...build, at });
  else tx.changed('queue', buildId);
}

/** Ends a build and settles its deployments by that. */
export async function endBuild(
  tx: Tx,
  { buildId, status, reason, code, at }: Omit<WorkflowEnd, 'workflowId' | 'running'>,
): Promise<void> {
  const set = { finished_at: at };
  await transition(tx, { table: 'build', id: buildId, buildId, to: status, reason, code, at, set });
  if (status !== 'success') await removeManifestsOf(tx, buildId, at);
  await settleBuild(tx, buildId, at);
}

/** Ends the steps and step attempts of a workflow's attempts that have not ended. */
export async function endSteps(
  tx: Tx,
  { workflowId, buildId, status, at, running }: Omit<WorkflowEnd, 'reason' | 'code'>,
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
    const {
      status: to,
      reason,
      code,
    } = from === 'running' ? running : ({ status: waiting, reason: null, code: null } as const);
    return { buildId, to, reason, code, at };
  }
}
