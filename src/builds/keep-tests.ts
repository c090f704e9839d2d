import { createHash } from 'node:crypto';
import { Problem } from '../core/problem.ts';
import type { TestResult } from '../core/test-report.ts';
import type { TestsRequest } from '../protocol/worker.ts';
import { labelOf } from '../store/read/workflow-label.ts';
import type { Store, Tx } from '../store/store.ts';
import type { OpenLease } from './builds.ts';
import { demandLease } from './lease-rows.ts';

/** Rows of one statement: their values stay below what a database takes as parameters. */
const ROWS = 50;

/**
 * Keeps a part of an attempt's test report, in the place of what was kept from there on.
 * @throws Problem `lease_lost`; `not_allowed` for an attempt that is not of the lease's workflow.
 */
export async function keepTests(store: Store, lease: OpenLease, request: TestsRequest): Promise<void> {
  await store.transaction(async (tx) => {
    const { subject_kind, subject_id, attempt } = await demandLease(tx, lease.id);
    const own =
      subject_kind === 'workflow'
        ? await findAttempt(tx, { id: request.attemptId, workflowId: subject_id, workflowAttempt: attempt })
        : undefined;
    if (own === undefined) throw new Problem('not_allowed');
    if (request.summary !== undefined) await keepSummary(tx, own.buildId, request.attemptId, request.summary);
    await tx.db
      .deleteFrom('test_result')
      .where('attempt_id', '=', request.attemptId)
      .where('position', '>=', request.from)
      .execute();
    const rows = request.results.map((result, index) => ({
      attempt_id: request.attemptId,
      position: request.from + index,
      build_id: own.buildId,
      project_id: own.projectId,
      test_key: testKey({ workflow: labelOf(own), step: own.split_of ?? own.step }, result),
      suite: result.suite,
      name: result.name,
      file: result.file,
      line: result.line,
      status: result.status,
      duration_ms: result.durationMs,
      message: result.message,
    }));
    for (let at = 0; at < rows.length; at += ROWS)
      await tx.db
        .insertInto('test_result')
        .values(rows.slice(at, at + ROWS))
        .execute();
    tx.changed('build', own.buildId);
  });
}

/**
 * Names a test of a step in every build of a project, whichever share of the step it is in. Two files may have tests of one
 * name: the file counts where the report names it, and not where only a failure tells of one. Pure.
 */
function testKey(
  { workflow, step }: { readonly workflow: string; readonly step: string },
  { suite, name, file, ownFile }: Pick<TestResult, 'suite' | 'name' | 'file' | 'ownFile'>,
): string {
  const parts = JSON.stringify([workflow, step, suite, name, ...(ownFile === true ? [file] : [])]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 24);
}

function findAttempt(
  { db }: Tx,
  { id, workflowId, workflowAttempt }: { id: string; workflowId: string; workflowAttempt: number },
) {
  return db
    .selectFrom('step_attempt')
    .innerJoin('step', 'step.id', 'step_attempt.step_id')
    .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select([
      'build.id as buildId',
      'build.project_id as projectId',
      'workflow.name as workflow',
      'workflow.matrix_json',
      'step.name as step',
      'step.split_of',
    ])
    .where('step_attempt.id', '=', id)
    .where('workflow.id', '=', workflowId)
    .where('step.workflow_attempt', '=', workflowAttempt)
    .executeTakeFirst();
}

async function keepSummary(
  { db }: Tx,
  build_id: string,
  attempt_id: string,
  { files, counts, note }: NonNullable<TestsRequest['summary']>,
): Promise<void> {
  const { passed, failed, error: errors, skipped } = counts;
  const said = { files, passed, failed, errors, skipped, note };
  await db
    .insertInto('test_report')
    .values({ attempt_id, build_id, ...said })
    .onConflict((conflict) => conflict.column('attempt_id').doUpdateSet(said))
    .execute();
}
