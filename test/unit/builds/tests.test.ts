import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_TESTS, type TestResult, type TestStatus } from '../../../src/core/test-report.ts';
import { Problem } from '../../../src/core/problem.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import type { TestsRequest } from '../../../src/protocol/worker.ts';
import { removeBuild } from '../../../src/retention/remove-build.ts';
import { readTestRuns, readTests } from '../../../src/store/read/tests.ts';
import { makeRecord, planOf, pushOf, stepOf } from '../../support/record.ts';
import type { TestLease, TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { capacity: 20 });
  project = await record.project();
});
afterEach(() => record.close());

const result = (name: string, status: TestStatus, more: Partial<TestResult> = {}): TestResult => ({
  suite: 'cart',
  name,
  file: null,
  line: null,
  status,
  durationMs: 5,
  message: null,
  ...more,
});

const summaryOf = (results: readonly TestResult[]): NonNullable<TestsRequest['summary']> => ({
  files: 1,
  counts: results.reduce((sum, { status }) => ({ ...sum, [status]: sum[status] + 1 }), NO_TESTS),
  note: null,
});

const plan = planOf({ steps: [{ ...stepOf('unit'), reports: { junit: ['*.xml'] } }] });

async function running(commit?: string) {
  const { buildId } = await record.build(project, {
    plan,
    ...(commit === undefined ? {} : { event: { ...pushOf('main'), commit } }),
  });
  const workflow = await record.workflowOf(buildId);
  const lease = await ada.claimWorkflow(workflow);
  return { buildId, lease, attemptId: attemptOf(lease) };
}

function attemptOf({ work }: TestLease<WorkflowWork>): string {
  return work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
}

async function ran(commit: string, results: readonly TestResult[]) {
  const run = await running(commit);
  const { attemptId, lease } = run;
  const request = { attemptId, from: 0, results: [...results], summary: summaryOf(results) };
  await record.builds.keepTests(lease.open, request);
  return run;
}

const show = (buildId: string, more: Partial<Parameters<typeof readTests>[1]> = {}) =>
  readTests(record.store.db, { buildId, all: false, after: 0, limit: 50, ...more });

describe('a test report', () => {
  it('is shown with its counts, those that did not pass first, and all when asked', async () => {
    const { buildId, attemptId } = await ran('1'.repeat(40), [
      result('a', 'failed', { file: 'a.ts', line: 3, message: 'no' }),
      result('b', 'error'),
      result('c', 'skipped'),
      result('d', 'passed'),
    ]);
    const failed = await show(buildId);
    expect(failed).toMatchObject({
      counts: { passed: 1, failed: 1, error: 1, skipped: 1 },
      reports: [{ attemptId, step: 'unit', files: 1, note: null }],
      missing: [],
      next: null,
    });
    expect(failed?.items).toMatchObject([
      {
        name: 'a',
        status: 'failed',
        file: 'a.ts',
        line: 3,
        message: 'no',
        step: 'unit',
        logId: attemptId,
        flaky: false,
      },
      { name: 'b', status: 'error' },
    ]);
    const all = await show(buildId, { all: true, limit: 3 });
    expect(all?.items.map(({ name }) => name)).toEqual(['a', 'b', 'd']);
    expect(all?.next).toBe('3');
    expect((await show(buildId, { all: true, after: 3 }))?.items.map(({ name }) => name)).toEqual(['c']);
    expect(await show('bld_none')).toBeNull();
  });

  it('may come twice, and in parts', async () => {
    const { buildId, attemptId, lease } = await running();
    const results = [result('a', 'failed'), result('b', 'passed'), result('c', 'passed')];
    const first = { attemptId, from: 0, results: results.slice(0, 2), summary: summaryOf(results) };
    const second = { attemptId, from: 2, results: results.slice(2) };
    for (const part of [first, first, second, second, first, second])
      await record.builds.keepTests(lease.open, part);
    expect((await show(buildId, { all: true }))?.items.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('is taken from the holder of the lease only, for a step of its own', async () => {
    const { buildId, attemptId, lease } = await running();
    const other = await running();
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'taken',
        (error: unknown) => (error instanceof Problem ? error.code : error),
      );
    const request = { attemptId, from: 0, results: [result('a', 'failed')], summary: summaryOf([]) };
    expect(await codeOf(record.builds.keepTests(other.lease.open, request))).toBe('not_allowed');
    await record.builds.cancelBuild(buildId, 'by ann');
    await lease.report({ type: 'workflow.finished', status: 'cancelled', reason: 'by ann' });
    expect(await codeOf(record.builds.keepTests(lease.open, request))).toBe('lease_lost');
    expect((await show(buildId))?.items).toEqual([]);
  });

  it('that a worker of before does not send is missing once its step has ended', async () => {
    const { buildId, attemptId, lease } = await running();
    await lease.report({ type: 'step.started', attemptId });
    expect((await show(buildId))?.missing).toEqual([]);
    await lease.report({
      type: 'step.finished',
      attemptId,
      status: 'success',
      reason: null,
      exitCode: 0,
      logBytes: 0,
    });
    expect((await show(buildId))?.missing).toEqual(['unit']);
  });

  it('goes with its build', async () => {
    const { buildId } = await ran('1'.repeat(40), [result('a', 'failed')]);
    await record.store.transaction((tx) => removeBuild(tx, buildId));
    for (const table of ['test_report', 'test_result'] as const)
      expect(await record.store.db.selectFrom(table).selectAll().execute()).toEqual([]);
  });
});

describe('a test', () => {
  it('is flaky when it passed and failed on one commit, in whichever builds, and not on two', async () => {
    const one = await ran('1'.repeat(40), [result('flips', 'failed'), result('fails', 'failed')]);
    const again = await ran('1'.repeat(40), [result('flips', 'passed'), result('fails', 'error')]);
    const other = await ran('2'.repeat(40), [result('flips', 'failed'), result('fails', 'passed')]);
    const flaky = async (buildId: string) =>
      (await show(buildId))?.items.map((test) => [test.name, test.status, test.flaky]);
    expect(await flaky(one.buildId)).toEqual([
      ['flips', 'failed', true],
      ['fails', 'failed', false],
    ]);
    expect(await flaky(again.buildId)).toEqual([
      ['fails', 'error', false],
      ['flips', 'passed', true],
    ]);
    expect(await flaky(other.buildId)).toEqual([['flips', 'failed', false]]);
  });

  it('is not flaky for another of its name in another file, in whatever order they come', async () => {
    const of = (file: string, status: TestStatus) => result('works', status, { file, ownFile: true });
    const one = await ran('1'.repeat(40), [of('a.ts', 'failed'), of('b.ts', 'passed')]);
    await ran('1'.repeat(40), [of('b.ts', 'passed'), of('a.ts', 'failed')]);
    const [failed, ...rest] = (await show(one.buildId))?.items ?? [];
    expect([failed?.file, failed?.flaky, rest]).toEqual(['a.ts', false, []]);
    const runs = await readTestRuns(record.store.db, project, failed?.key ?? '');
    expect(runs.map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  it('is the same where only its failure tells of a file', async () => {
    const one = await ran('1'.repeat(40), [result('flips', 'failed', { file: 'a.ts', line: 3 })]);
    await ran('1'.repeat(40), [result('flips', 'passed')]);
    expect((await show(one.buildId))?.items).toMatchObject([{ name: 'flips', flaky: true }]);
  });

  it('has a history over the builds of its project, newest first', async () => {
    await ran('1'.repeat(40), [result('a', 'passed'), result('b', 'failed')]);
    const last = await ran('2'.repeat(40), [result('a', 'failed', { message: 'no' })]);
    const key = (await show(last.buildId))?.items[0]?.key ?? '';
    expect(await readTestRuns(record.store.db, project, key)).toMatchObject([
      { buildNumber: 2, commit: '2'.repeat(40), status: 'failed', message: 'no', durationMs: 5 },
      { buildNumber: 1, commit: '1'.repeat(40), status: 'passed', message: null },
    ]);
    expect(await readTestRuns(record.store.db, 'prj_other', key)).toEqual([]);
  });
});
