import { isForFailure, reasonToCancel } from '../core/decide-workflows.ts';
import type { MatrixValues, Plan } from '../core/plan.ts';
import type { Tx } from '../store/store.ts';
import { endWorkflows } from './end-workflow.ts';
import { bumpSignals } from './lease-rows.ts';

/** A step that has failed for good. */
interface FailedStep {
  readonly workflowId: string;
  readonly stepId: string;
  readonly at: number;
}

/**
 * Does for the other workflows of a build what `failure: cancel` of a step says: those that run are told to end, those
 * that wait end, unless they wait for others and run on a failure of those.
 */
export async function cancelOthersIn(tx: Tx, { workflowId, stepId, at }: FailedStep): Promise<void> {
  const own = await tx.db
    .selectFrom('workflow')
    .innerJoin('step', 'step.workflow_id', 'workflow.id')
    .select(['workflow.build_id', 'workflow.name', 'workflow.matrix_json', 'workflow.plan_json'])
    .select('step.name as step')
    .where('step.id', '=', stepId)
    .executeTakeFirstOrThrow();
  const { steps } = JSON.parse(own.plan_json) as Plan;
  if (steps.find(({ name }) => name === own.step)?.failure !== 'cancel') return;
  const matrix = JSON.parse(own.matrix_json ?? 'null') as MatrixValues | null;
  const reason = reasonToCancel(own.step, { name: own.name, matrix });
  const others = await tx.db
    .selectFrom('workflow')
    .select(['id', 'status', 'depends_on_json', 'runs_on_json'])
    .where('build_id', '=', own.build_id)
    .where('id', '!=', workflowId)
    .where('status', 'in', ['pending', 'running'])
    .orderBy('position')
    .execute();
  for (const { id } of others.filter(({ status }) => status === 'running')) {
    await tx.db
      .updateTable('workflow')
      .set((eb) => ({ cancel_requested: reason, version: eb('version', '+', 1) }))
      .where('id', '=', id)
      .where('cancel_requested', 'is', null)
      .execute();
    await bumpSignals(tx, id);
  }
  const waiting = others.filter((row) => {
    const dependsOn = JSON.parse(row.depends_on_json) as string[];
    const runsOn = JSON.parse(row.runs_on_json) as ('success' | 'failure')[];
    return row.status === 'pending' && !isForFailure({ dependsOn, runsOn });
  });
  const cancelled = { status: 'cancelled', reason, code: null } as const;
  const end = { ...cancelled, buildId: own.build_id, at, running: cancelled };
  await endWorkflows(
    tx,
    waiting.map(({ id }) => ({ ...end, workflowId: id })),
  );
}
