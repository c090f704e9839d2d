import { sql } from 'kysely';
import { workflowLabel } from '../../core/matrix-label.ts';
import type { WorkflowPlan } from '../../core/plan.ts';
import { isEnd } from '../../core/status.ts';
import { addCounts } from '../../core/test-report.ts';
import type { BuildTestsView, TestRunView, TestView } from '../../core/views/tests-view.ts';
import { readBuildPlan } from './build-plan.ts';
import type { Reader } from './view-context.ts';
import { labelOf } from './workflow-label.ts';

export interface TestsWanted {
  readonly buildId: string;
  /** All of them; else those that did not pass or are flaky. */
  readonly all: boolean;
  /** How many are passed over. */
  readonly after: number;
  readonly limit: number;
}

/** What a build's test reports said; null when there is no such build. */
export async function readTests(db: Reader, wanted: TestsWanted): Promise<BuildTestsView | null> {
  const build = await db
    .selectFrom('build')
    .select(['project_id', 'commit'])
    .where('id', '=', wanted.buildId)
    .executeTakeFirst();
  if (build === undefined) return null;
  const attempts = await attemptsOf(db, wanted.buildId);
  const reports = lastReports(attempts);
  const flaky = await flakyTests(db, build);
  const ids = reports.map(({ attemptId }) => attemptId);
  const page = ids.length === 0 ? [] : await results(db, { ...wanted, ids, flaky });
  const byId = new Map(reports.map((report) => [report.attemptId, report]));
  const items = page.slice(0, wanted.limit).map(({ attemptId, ...row }): TestView => ({
    ...row,
    workflow: byId.get(attemptId)?.workflow ?? '',
    step: byId.get(attemptId)?.step ?? '',
    logId: attemptId,
    flaky: flaky.includes(row.key),
  }));
  return {
    counts: addCounts(reports.map(({ counts }) => counts)),
    reports,
    missing: missingReports(attempts, (await readBuildPlan(db, wanted.buildId))?.workflows ?? []),
    items,
    next: page.length > wanted.limit ? String(wanted.after + wanted.limit) : null,
  };
}

/** How a test of a project ended in its last builds, newest first. */
export function readTestRuns(db: Reader, projectId: string, key: string): Promise<readonly TestRunView[]> {
  return db
    .selectFrom('test_result')
    .innerJoin('build', 'build.id', 'test_result.build_id')
    .select([
      'build.id as buildId',
      'build.number as buildNumber',
      'build.ref_name as refName',
      'build.commit',
      'build.created_at as atMs',
      'test_result.status',
      'test_result.duration_ms as durationMs',
      'test_result.message',
    ])
    .where('test_result.project_id', '=', projectId)
    .where('test_result.test_key', '=', key)
    .orderBy('test_result.build_id', 'desc')
    .orderBy('test_result.attempt_id', 'desc')
    .limit(RUNS)
    .execute();
}

const RUNS = 50;

type AttemptRow = Awaited<ReturnType<typeof attemptsOf>>[number];

/**
 * Every attempt of every step, with its report where one came; later ones after earlier ones. Of a step that was taken over
 * from an earlier build those that it had there, as long as that build is kept.
 */
function attemptsOf(db: Reader, buildId: string) {
  return db
    .selectFrom('workflow')
    .innerJoin('step', 'step.workflow_id', 'workflow.id')
    .innerJoin('step_attempt', (join) =>
      join.on((eb) =>
        eb('step_attempt.step_id', '=', eb.fn.coalesce(eb.ref('step.carried_from'), eb.ref('step.id'))),
      ),
    )
    .leftJoin('test_report', 'test_report.attempt_id', 'step_attempt.id')
    .select([
      'workflow.id as workflowId',
      'workflow.name as workflow',
      'workflow.matrix_json',
      'step.name as step',
      'step.position',
      'step.carried_from as carriedFrom',
      'step_attempt.id as attemptId',
      'step_attempt.status',
      'step_attempt.started_at as startedAt',
      'test_report.files',
      'test_report.passed',
      'test_report.failed',
      'test_report.errors',
      'test_report.skipped',
      'test_report.note',
    ])
    .where('workflow.build_id', '=', buildId)
    .where('step.kind', '=', 'step')
    .orderBy('workflow.position')
    .orderBy('step.position')
    .orderBy('step.workflow_attempt')
    .orderBy('step_attempt.attempt')
    .execute();
}

function lastReports(attempts: readonly AttemptRow[]): BuildTestsView['reports'] {
  const last = new Map<string, BuildTestsView['reports'][number]>();
  for (const row of attempts)
    if (row.files !== null)
      last.set(`${row.workflowId} ${row.position}`, {
        attemptId: row.attemptId,
        workflow: labelOf(row),
        step: row.step,
        files: row.files,
        counts: {
          passed: row.passed ?? 0,
          failed: row.failed ?? 0,
          error: row.errors ?? 0,
          skipped: row.skipped ?? 0,
        },
        note: row.note,
      });
  return [...last.values()];
}

/** Steps of the plan that have run to their end in this build and told nothing of their reports. */
function missingReports(
  attempts: readonly AttemptRow[],
  workflows: readonly WorkflowPlan[],
): readonly string[] {
  const missing = workflows.flatMap((workflow) => {
    const own = attempts.filter((row) => labelOf(row) === workflowLabel(workflow));
    const told = workflow.plan.steps.filter(({ reports }) => reports !== undefined).map(({ name }) => name);
    const ended = own.filter(
      ({ status, startedAt, carriedFrom }) => carriedFrom === null && startedAt !== null && isEnd(status),
    );
    return told.filter(
      (name) =>
        ended.some(({ step }) => step === name) &&
        !own.some(({ step, files }) => step === name && files !== null),
    );
  });
  return [...new Set(missing)];
}

/** Tests that have both passed and not, in whatever builds and attempts of that commit. */
async function flakyTests(
  db: Reader,
  { project_id, commit }: { project_id: string; commit: string },
): Promise<readonly string[]> {
  const passed = sql<number>`case when test_result.status = 'passed' then 1 else 0 end`;
  const rows = await db
    .selectFrom('test_result')
    .innerJoin('build', 'build.id', 'test_result.build_id')
    .select('test_result.test_key as key')
    .where('build.project_id', '=', project_id)
    .where('build.commit', '=', commit)
    .where('test_result.status', '!=', 'skipped')
    .groupBy('test_result.test_key')
    .having(sql<boolean>`min(${passed}) < max(${passed})`)
    .limit(FLAKY)
    .execute();
  return rows.map(({ key }) => key);
}

/** That are told apart; with more of them, none says anything. */
const FLAKY = 500;

function results(
  db: Reader,
  { ids, flaky, all, after, limit }: TestsWanted & { ids: readonly string[]; flaky: readonly string[] },
) {
  const rank = sql<number>`case status when 'failed' then 0 when 'error' then 1 when 'passed' then 3 else 4 end`;
  return db
    .selectFrom('test_result')
    .select([
      'attempt_id as attemptId',
      'test_key as key',
      'suite',
      'name',
      'file',
      'line',
      'status',
      'duration_ms as durationMs',
      'message',
    ])
    .where('attempt_id', 'in', ids)
    .where((eb) =>
      all
        ? eb.lit(true)
        : eb.or([
            eb('status', 'in', ['failed', 'error']),
            ...(flaky.length === 0 ? [] : [eb('test_key', 'in', flaky)]),
          ]),
    )
    .orderBy(rank)
    .orderBy('attempt_id')
    .orderBy('position')
    .offset(after)
    .limit(limit + 1)
    .execute();
}
