import { setImmediate as others } from 'node:timers/promises';
import { chunks } from '../../core/chunks.ts';
import type { RepositoryEvent } from '../../core/event.ts';
import { testFileFinder } from '../../core/test-file.ts';
import { TEST_LIMITS } from '../../core/test-report.ts';
import type { Reader } from './view-context.ts';

/** A step of a workflow of a build, as far as earlier builds had it, too. */
export interface StepOfWorkflow {
  readonly project_id: string;
  readonly default_branch: string;
  readonly event: RepositoryEvent;
  /** Of the workflow. */
  readonly name: string;
  readonly matrix_json: string | null;
  readonly step: string;
}

/** Builds of a line that are looked at, the newest ones, and tests of their reports. */
const BUILDS = 30;
const TESTS = 20_000;
/** In one statement. */
const MOST_IDS = 500;
/** Looked at in one go, before others have their turn. */
const ROWS_AT_ONCE = 500;

/**
 * How long test files took when they last ran, in ms: by the reports of the default branch's builds, else by those of the
 * build's own branch or pull request. What other branches and pull requests have reported, a fork's among them, counts for
 * none but their own. Files that no report names are missing.
 */
export async function readFileDurations(
  db: Reader,
  wanted: StepOfWorkflow,
  files: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const find = testFileFinder(files);
  const durations = new Map<string, number>();
  for (const line of linesOf(wanted)) {
    const reports = await reportsOf(db, wanted, line);
    for (const ofBuild of await timesOf(db, reports))
      for (const [file, ms] of await addUp(ofBuild, find)) if (!durations.has(file)) durations.set(file, ms);
    if (durations.size === files.length) break;
  }
  return durations;
}

interface Line {
  readonly kinds: readonly RepositoryEvent['kind'][];
  readonly refName: string;
}

const OF_BRANCHES: Line['kinds'] = ['push', 'manual', 'cron'];

function linesOf({ default_branch, event }: StepOfWorkflow): readonly Line[] {
  const trusted: Line = { kinds: OF_BRANCHES, refName: default_branch };
  switch (event.kind) {
    case 'push':
    case 'manual':
    case 'cron':
      return event.branch === default_branch
        ? [trusted]
        : [trusted, { kinds: OF_BRANCHES, refName: event.branch }];
    case 'pull_request':
      return [trusted, { kinds: ['pull_request'], refName: `#${event.number}` }];
    case 'tag':
      return [trusted];
  }
}

/** The last report of each share of the step in each of a line's newest builds; newer builds first. */
async function reportsOf(
  db: Reader,
  { project_id, name, matrix_json, step }: StepOfWorkflow,
  { kinds, refName }: Line,
): Promise<readonly { readonly build: number; readonly attemptId: string }[]> {
  const builds = await db
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', project_id)
    .where('ref_name', '=', refName)
    .where('event_kind', 'in', kinds)
    .orderBy('number', 'desc')
    .limit(BUILDS)
    .execute();
  if (builds.length === 0) return [];
  const rows = await db
    .selectFrom('build')
    .innerJoin('workflow', 'workflow.build_id', 'build.id')
    .innerJoin('step', 'step.workflow_id', 'workflow.id')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .innerJoin('test_report', 'test_report.attempt_id', 'step_attempt.id')
    .select([
      'build.number as build',
      'step.name as share',
      'test_report.attempt_id as attemptId',
      'test_report.passed',
      'test_report.failed',
      'test_report.errors',
      'test_report.skipped',
    ])
    .where(
      'build.id',
      'in',
      builds.map(({ id }) => id),
    )
    .where('workflow.name', '=', name)
    .where('workflow.matrix_json', matrix_json === null ? 'is' : '=', matrix_json)
    .where('step.kind', '=', 'step')
    .where(({ eb, fn }) => eb(fn.coalesce('step.split_of', 'step.name'), '=', step))
    .orderBy('build.number', 'desc')
    .orderBy('step.workflow_attempt', 'desc')
    .orderBy('step_attempt.attempt', 'desc')
    .orderBy('step.position')
    .execute();
  const last = new Map<string, (typeof rows)[number]>();
  for (const row of rows) {
    const key = `${row.build} ${row.share}`;
    if (!last.has(key)) last.set(key, row);
  }
  let tests = 0;
  return [...last.values()].filter(({ passed, failed, errors, skipped }) => {
    tests += Math.min(passed + failed + errors + skipped, TEST_LIMITS.results);
    return tests <= TESTS;
  });
}

interface TestTime {
  readonly file: string | null;
  readonly suite: string;
  readonly ms: number;
}

/** What the tests of each build's reports took, newer builds first. */
async function timesOf(
  db: Reader,
  reports: readonly { readonly build: number; readonly attemptId: string }[],
): Promise<readonly (readonly TestTime[])[]> {
  const byBuild = new Map<number, TestTime[]>(reports.map(({ build }) => [build, []]));
  const buildOf = new Map(reports.map(({ build, attemptId }) => [attemptId, build]));
  for (const some of chunks([...buildOf.keys()], MOST_IDS)) {
    const rows = await db
      .selectFrom('test_result')
      .select(({ fn }) => ['attempt_id', 'file', 'suite', fn.sum<number>('duration_ms').as('ms')])
      .where('attempt_id', 'in', some)
      .where('duration_ms', 'is not', null)
      .groupBy(['attempt_id', 'file', 'suite'])
      .execute();
    for (const { attempt_id, file, suite, ms } of rows)
      byBuild.get(buildOf.get(attempt_id) ?? 0)?.push({ file, suite, ms: Number(ms) });
  }
  return [...byBuild.values()];
}

async function addUp(
  tests: readonly TestTime[],
  find: ReturnType<typeof testFileFinder>,
): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const some of chunks(tests, ROWS_AT_ONCE)) {
    for (const test of some) {
      const file = find(test);
      if (file !== null) sums.set(file, (sums.get(file) ?? 0) + test.ms);
    }
    await others();
  }
  return sums;
}
