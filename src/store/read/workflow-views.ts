import type { MatrixValues } from '../../core/plan.ts';
import { chunks } from '../../core/chunks.ts';
import { codeAndFix } from '../../core/end.ts';
import { isEnd } from '../../core/status.ts';
import type { BuildReferenceView } from '../../core/views/build-reference-view.ts';
import type { StepAttemptView, StepView, WorkflowView } from '../../core/views/workflow-view.ts';
import { withIgnored } from './ignored-steps.ts';
import { readStepImages, withImages } from './step-images.ts';
import { withShares } from './step-shares.ts';
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
  const images = await readStepImages(db, buildId);
  return Promise.all(
    workflows.map(async (row) => ({
      id: row.id,
      name: row.name,
      matrix: JSON.parse(row.matrix_json ?? 'null') as MatrixValues | null,
      dependsOn: JSON.parse(row.depends_on_json) as string[],
      status: row.status,
      reason: row.reason,
      ...codeAndFix(row),
      attempt: row.attempt,
      workerName: row.worker_name,
      startedAtMs: row.started_at,
      finishedAtMs: row.finished_at,
      steps: withIgnored(
        withShares(withImages(await stepsOf(db, row.id, row.attempt), row, images), row),
        row,
      ),
      ...(row.carried_from === null
        ? {}
        : { carriedFrom: (await buildsOfWorkflows(db, [row.carried_from])).get(row.carried_from) ?? null }),
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
  const attempts = Map.groupBy(await attemptsOf(db, workflowId), ({ position }) => position);
  const carried = await carriedAttempts(
    db,
    steps.flatMap(({ carried_from }) => carried_from ?? []),
  );
  return steps
    .filter((step) => step.workflow_attempt === attempt)
    .map((step): StepView => {
      const before = step.carried_from === null ? null : carried.get(step.carried_from);
      const own = attempts.get(step.position) ?? [];
      return {
        id: step.id,
        kind: step.kind,
        name: step.name,
        status: step.status,
        reason: step.reason,
        ...codeAndFix(step),
        dependsOn: JSON.parse(step.depends_on_json) as string[],
        attempts: (before?.attempts ?? own).map(toView),
        ...(before === null ? {} : { carriedFrom: before?.build ?? null }),
        ...(step.cancel_requested !== null && !isEnd(step.status) ? { cancelling: true } : {}),
      };
    });
}

function toView(
  { position: _, stepId: __, passed, failed, errors, skipped, ...row }: AttemptRow,
  index: number,
): StepAttemptView {
  return {
    ...row,
    ...codeAndFix(row),
    ...(passed === null || failed === null || errors === null || skipped === null
      ? {}
      : { tests: { passed, failed, error: errors, skipped } }),
    attempt: index + 1,
    logId: row.id,
  };
}

interface CarriedAttempts {
  readonly build: BuildReferenceView;
  readonly attempts: readonly AttemptRow[];
}

/** By the ids of the steps that were green in an earlier build: their attempts, and that build. */
async function carriedAttempts(
  db: Reader,
  stepIds: readonly string[],
): Promise<ReadonlyMap<string, CarriedAttempts>> {
  const found = new Map<string, CarriedAttempts>();
  for (const ids of chunks(stepIds, MOST_IDS)) {
    const builds = await db
      .selectFrom('step')
      .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
      .innerJoin('build', 'build.id', 'workflow.build_id')
      .select(['step.id as stepId', 'build.id', 'build.number'])
      .where('step.id', 'in', ids)
      .execute();
    const rows = await selectAttempts(db).where('step.id', 'in', ids).execute();
    const attempts = Map.groupBy(rows, ({ stepId }) => stepId);
    for (const { stepId, ...build } of builds)
      found.set(stepId, { build, attempts: attempts.get(stepId) ?? [] });
  }
  return found;
}

/** In one query. */
const MOST_IDS = 500;

async function buildsOfWorkflows(
  db: Reader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, BuildReferenceView>> {
  const rows = await db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select(['workflow.id as workflowId', 'build.id', 'build.number'])
    .where('workflow.id', 'in', ids)
    .execute();
  return new Map(rows.map(({ workflowId, ...build }) => [workflowId, build]));
}

type AttemptRow = Awaited<ReturnType<typeof attemptsOf>>[number];

function attemptsOf(db: Reader, workflowId: string) {
  return selectAttempts(db).where('step.workflow_id', '=', workflowId).execute();
}

function selectAttempts(db: Reader) {
  return (
    db
      .selectFrom('step')
      .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
      .leftJoin('test_report', 'test_report.attempt_id', 'step_attempt.id')
      .select([
        'step.position',
        'step.id as stepId',
        'step_attempt.id',
        'step_attempt.status',
        'step_attempt.reason',
        'step_attempt.code',
        'step_attempt.exit_code as exitCode',
        'step_attempt.started_at as startedAtMs',
        'step_attempt.finished_at as finishedAtMs',
        'test_report.passed',
        'test_report.failed',
        'test_report.errors',
        'test_report.skipped',
      ])
      // Of the attempts after the first, those that came to pass.
      .where((eb) => eb.or([eb('step_attempt.attempt', '=', 1), eb('step_attempt.status', '!=', 'pending')]))
      .orderBy('step_attempt.workflow_attempt')
      .orderBy('step_attempt.attempt')
  );
}
