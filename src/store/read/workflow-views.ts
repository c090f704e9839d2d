import type { MatrixValues } from '../../core/plan.ts';
import type { StepAttemptView, StepView, WorkflowView } from '../../core/view.ts';
import type { Reader } from './view-context.ts';

/** The workflows of a build with their steps; a step shows its attempts from every attempt of the workflow. */
export async function workflowsOfBuild(db: Reader, buildId: string): Promise<readonly WorkflowView[]> {
  const workflows = await db
    .selectFrom('workflow')
    .leftJoin('worker', 'worker.id', 'workflow.worker_id')
    .selectAll('workflow')
    .select('worker.name as worker_name')
    .where('workflow.build_id', '=', buildId)
    .orderBy('workflow.position')
    .execute();
  return Promise.all(
    workflows.map(async (row) => ({
      id: row.id,
      name: row.name,
      matrix: JSON.parse(row.matrix_json ?? 'null') as MatrixValues | null,
      dependsOn: JSON.parse(row.depends_on_json) as string[],
      status: row.status,
      reason: row.reason,
      attempt: row.attempt,
      workerName: row.worker_name,
      startedAtMs: row.started_at,
      finishedAtMs: row.finished_at,
      steps: await stepsOf(db, row.id, row.attempt),
    })),
  );
}

async function stepsOf(db: Reader, workflowId: string, attempt: number): Promise<readonly StepView[]> {
  const steps = await db
    .selectFrom('step')
    .selectAll()
    .where('workflow_id', '=', workflowId)
    .orderBy('position')
    .orderBy('workflow_attempt')
    .execute();
  const attempts = await attemptsOf(db, workflowId);
  return steps
    .filter((step) => step.workflow_attempt === attempt)
    .map((step) => ({
      id: step.id,
      kind: step.kind,
      name: step.name,
      status: step.status,
      reason: step.reason,
      dependsOn: JSON.parse(step.depends_on_json) as string[],
      attempts: attempts
        .filter(({ position }) => position === step.position)
        .map(({ position: _, passed, failed, errors, skipped, ...row }, index): StepAttemptView => ({
          ...row,
          ...(passed === null || failed === null || errors === null || skipped === null
            ? {}
            : { tests: { passed, failed, error: errors, skipped } }),
          attempt: index + 1,
          logId: row.id,
        })),
    }));
}

function attemptsOf(db: Reader, workflowId: string) {
  return (
    db
      .selectFrom('step')
      .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
      .leftJoin('test_report', 'test_report.attempt_id', 'step_attempt.id')
      .select([
        'step.position',
        'step_attempt.id',
        'step_attempt.status',
        'step_attempt.reason',
        'step_attempt.exit_code as exitCode',
        'step_attempt.started_at as startedAtMs',
        'step_attempt.finished_at as finishedAtMs',
        'test_report.passed',
        'test_report.failed',
        'test_report.errors',
        'test_report.skipped',
      ])
      .where('step.workflow_id', '=', workflowId)
      // Of the attempts after the first, those that came to pass.
      .where((eb) => eb.or([eb('step_attempt.attempt', '=', 1), eb('step_attempt.status', '!=', 'pending')]))
      .orderBy('step_attempt.workflow_attempt')
      .orderBy('step_attempt.attempt')
      .execute()
  );
}
