import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import type { Plan } from '../../../src/core/plan.ts';
import type { Problem } from '../../../src/core/problem.ts';
import { SPLIT_LIMITS, type Division } from '../../../src/core/split.ts';
import { NO_TESTS } from '../../../src/core/test-report.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import { readWaiting } from '../../../src/dispatch/read-queue.ts';
import { removeBuild } from '../../../src/retention/remove-build.ts';
import { readFailedPart } from '../../../src/store/read/failed-part.ts';
import { readTestRuns, readTests } from '../../../src/store/read/tests.ts';
import { makeRecord, planOf, pushOf, stepOf } from '../../support/record.ts';
import type { TestLease, TestRecord, TestWorker } from '../../support/record.ts';

let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  record = await makeRecord();
  ada = await record.worker('ada', { capacity: 40, features: ['repeat', 'split'] });
  project = await record.project();
});
afterEach(() => record.close());

/** A plan whose step `unit` runs in shares, beside those that are named. */
function splitPlan(of: number, more: Parameters<typeof stepOf>[] = []): Plan {
  const shares = Array.from({ length: of }, (_, index) =>
    stepOf(`unit ${index + 1}/${of}`, {
      image: 'busybox',
      reports: { junit: ['r.xml'] },
      split: { step: 'unit', share: index + 1, of, files: ['*.test.ts'], directory: null },
    }),
  );
  const others = more.map((step) => stepOf(...step));
  return { ...planOf({ steps: [...shares, ...others] }), image: null, push: null };
}

const fork = (number: number): RepositoryEvent =>
  ({
    ...pushOf('main'),
    kind: 'pull_request',
    number,
    title: 't',
    sourceBranch: 'main',
    targetBranch: 'main',
    targetCommit: 'b'.repeat(40),
    labels: [],
    milestone: null,
    isDraft: false,
    fromFork: true,
  }) as unknown as RepositoryEvent;

type Lease = TestLease<WorkflowWork> & { readonly buildId: string };

async function begin(plan: Plan, event: RepositoryEvent = pushOf('main')): Promise<Lease> {
  const { buildId } = await record.build(project, { plan, event });
  return { ...(await ada.claimWorkflow(await record.workflowOf(buildId))), buildId };
}

/** Keeps what the step's only, or each share's, files took. */
async function tell(
  lease: Lease,
  times: readonly Readonly<Record<string, number>>[],
  passed?: number,
): Promise<void> {
  const steps = lease.work.steps.filter(({ kind }) => kind === 'step');
  for (const [index, ofStep] of times.entries()) {
    const results = Object.entries(ofStep).map(([file, durationMs]) => ({
      ...{ suite: 's', name: `of ${file}`, file, line: null, status: 'passed' as const },
      ...{ durationMs, message: null },
    }));
    const summary = { files: 1, counts: { ...NO_TESTS, passed: passed ?? results.length }, note: null };
    const attemptId = steps[index]?.attemptId ?? '';
    await record.builds.keepTests(lease.open, { attemptId, from: 0, results, summary });
  }
}

const FILES = ['a.test.ts', 'b.test.ts', 'c.test.ts', 'd.test.ts'];
const divide = async (lease: Lease, files: readonly string[] = FILES): Promise<Division> =>
  (await record.builds.divideFiles(lease.open, { step: 'unit', files: [...files] })).division;
const filesOf = (division: Division) => division.map(({ files }) => files.map((file) => file[0]).join(''));

const LONG_FILE = `${'long/'.repeat(40)}a.test.ts`;

/** Has another workflow of the build keep a division of so many bytes. */
async function fill(build_id: string, bytes: number): Promise<void> {
  const row = { workflow_id: 'another', step: 'unit', build_id, shares_json: `"${'x'.repeat(bytes - 2)}"` };
  await record.store.transaction(({ db }) => db.insertInto('division').values(row).execute());
}

const divisionsOf = (buildId: string) =>
  record.store.db.selectFrom('division').selectAll().where('build_id', '=', buildId).execute();

/** Ends the steps so, and the workflow with them. */
async function end(lease: Lease, ends: Readonly<Record<string, 'success' | 'failure' | 'skipped'>>) {
  for (const { kind, name, attemptId } of lease.work.steps) {
    const status = kind === 'step' ? (ends[name] ?? 'success') : 'success';
    const exitCode = status === 'skipped' ? null : status === 'success' ? 0 : 1;
    if (status !== 'skipped') await lease.report({ type: 'step.started', attemptId });
    await lease.report({ type: 'step.finished', attemptId, status, reason: null, exitCode, logBytes: 0 });
  }
  const isRed = Object.values(ends).includes('failure');
  await lease.report({ type: 'workflow.finished', status: isRed ? 'failure' : 'success', reason: null });
}

async function rerun(buildId: string): Promise<Lease> {
  const again = await record.builds.rerunBuild(buildId, 'failed');
  const workflow = await record.workflowOf(again.buildId);
  return { ...(await ada.claimWorkflow(workflow)), buildId: again.buildId };
}

describe('the test files of a step', () => {
  it('are divided evenly while nothing is known of them', async () => {
    expect(filesOf(await divide(await begin(splitPlan(2))))).toEqual(['ac', 'bd']);
  });

  it('are divided by what they took in an earlier build, also before it was split', async () => {
    const unsplit = planOf({ steps: [stepOf('unit', { reports: { junit: ['r.xml'] } })] });
    await tell(await begin({ ...unsplit, image: null, push: null }), [
      { './a.test.ts': 9_000, '/workspace/b.test.ts': 3_000, 'c.test.ts': 3_000, 'd.test.ts': 2_000 },
    ]);
    const division = await divide(await begin(splitPlan(2)));
    expect(filesOf(division)).toEqual(['a', 'bcd']);
    expect(division.map(({ expectedMs }) => expectedMs)).toEqual([9_000, 8_000]);
  });

  it('have the times of the newest build that reported them, whichever share they were in', async () => {
    await tell(await begin(splitPlan(2)), [
      { 'a.test.ts': 1, 'b.test.ts': 1 },
      { 'c.test.ts': 1, 'd.test.ts': 9 },
    ]);
    await tell(await begin(splitPlan(3)), [{}, { 'a.test.ts': 50 }, { 'b.test.ts': 40 }]);
    const [first, second] = await divide(await begin(splitPlan(2)));
    expect([first?.expectedMs, second?.expectedMs]).toEqual([50, 50]);
  });

  it('are divided by the default branch rather than by their own, which tells of the rest', async () => {
    const feature = pushOf('feature');
    await tell(await begin(splitPlan(2), feature), [{ 'a.test.ts': 1, 'd.test.ts': 70 }]);
    await tell(await begin(splitPlan(2)), [{ 'a.test.ts': 90, 'b.test.ts': 10, 'c.test.ts': 10 }]);
    expect(filesOf(await divide(await begin(splitPlan(2), feature)))).toEqual(['a', 'bcd']);
    expect(filesOf(await divide(await begin(splitPlan(2))))).toEqual(['a', 'bcd']);
  });

  it.each([
    ['of a fork', fork(7)],
    ['of another branch', pushOf('other')],
  ])('are not divided by what a build %s told', async (_, event) => {
    await tell(await begin(splitPlan(2), event), [
      { 'a.test.ts': 900, 'b.test.ts': 1, 'c.test.ts': 1, 'd.test.ts': 1 },
    ]);
    expect(filesOf(await divide(await begin(splitPlan(2))))).toEqual(['ac', 'bd']);
    expect(filesOf(await divide(await begin(splitPlan(2), fork(8))))).toEqual(['ac', 'bd']);
    expect(filesOf(await divide(await begin(splitPlan(2), event)))).toEqual(['a', 'bcd']);
  });

  it('are divided once: who asks again is told the same, whatever was reported since', async () => {
    const lease = await begin(splitPlan(2));
    const before = await divide(lease);
    await tell(await begin(splitPlan(2)), [{ 'a.test.ts': 900, 'b.test.ts': 1 }]);
    expect(await divide(lease)).toEqual(before);
    expect(filesOf(await divide(lease, [...FILES, 'e.test.ts']))).toEqual(['ace', 'bd']);
    expect(filesOf(await divide(lease))).toEqual(['ace', 'bd']);
  });

  it('are looked up in no report where they are divided already', async () => {
    const lease = await begin(splitPlan(2));
    const before = await divide(lease);
    await record.store.transaction(({ db }) =>
      db.schema.alterTable('test_report').renameTo('test_report_away').execute(),
    );
    expect(await divide(lease)).toEqual(before);
  });

  it('are divided by no more than 20,000 tests, all of them of the newest build', async () => {
    await tell(await begin(splitPlan(4)), [{ 'a.test.ts': 5 }, {}, {}, {}]);
    await tell(
      await begin(splitPlan(3)),
      [{ 'a.test.ts': 90 }, { 'b.test.ts': 1 }, { 'c.test.ts': 900 }],
      50_000,
    );
    const division = await divide(await begin(splitPlan(4)));
    expect(division.map(({ expectedMs }) => expectedMs)).toEqual([90, 45.5, 45.5, 1]);
  });

  it('are told to the holder of the lease, for a step that its workflow splits', async () => {
    const lease = await begin(splitPlan(2));
    const refused = record.builds.divideFiles(lease.open, { step: 'lint', files: FILES });
    await expect(refused).rejects.toMatchObject({ code: 'not_allowed' } satisfies Partial<Problem>);
    await end(lease, {});
    await expect(divide(lease)).rejects.toMatchObject({ code: 'lease_lost' } satisfies Partial<Problem>);
  });

  it('are no longer divided where what the build has divided already leaves no room for them', async () => {
    const lease = await begin(splitPlan(2));
    await fill(lease.buildId, SPLIT_LIMITS.buildBytes - 400);
    const before = await divide(lease, [LONG_FILE]);
    await expect(divide(lease, [LONG_FILE, ...FILES])).resolves.toHaveLength(2);
    const kept = await divisionsOf(lease.buildId);
    const refused = divide(lease, [LONG_FILE, ...FILES, `${LONG_FILE}x`]);
    await expect(refused).rejects.toMatchObject({
      code: 'split_no_room',
      message: expect.stringMatching(/step unit .* 33554[5-9]\d\d bytes .* 33554432/) as string,
    });
    expect(await divisionsOf(lease.buildId)).toEqual(kept);
    expect((await divide(lease, [LONG_FILE])).flatMap(({ files }) => files)).toEqual(
      expect.arrayContaining([...before.flatMap(({ files }) => files), ...FILES]),
    );
    await expect(divide(await begin(splitPlan(2)))).resolves.toHaveLength(2);
  });

  it('are forgotten with their build', async () => {
    const lease = await begin(splitPlan(2));
    await divide(lease);
    await end(lease, {});
    await record.store.transaction((tx) => removeBuild(tx, lease.buildId));
    expect(await record.store.db.selectFrom('division').selectAll().execute()).toEqual([]);
  });
});

describe('a re-run of what failed', () => {
  it('runs the share that failed with the files that it had', async () => {
    const first = await begin(splitPlan(3));
    const division = await divide(first);
    await end(first, { 'unit 2/3': 'failure' });
    await tell(await begin(splitPlan(3)), [{ 'a.test.ts': 900, 'b.test.ts': 1 }]);
    const again = await rerun(first.buildId);
    expect(again.work.repeat?.keptSteps).toEqual(['unit 1/3', 'unit 3/3']);
    expect(await divide(again)).toEqual(division);
    await end(again, { 'unit 2/3': 'failure' });
    expect(await divide(await rerun(again.buildId))).toEqual(division);
  });

  it('gives files that came since to a share that runs again', async () => {
    const first = await begin(splitPlan(2));
    await divide(first);
    await end(first, { 'unit 2/2': 'failure' });
    expect(filesOf(await divide(await rerun(first.buildId), [...FILES, 'e.test.ts']))).toEqual(['ac', 'bde']);
  });

  it('does not take a share for which no file was left for one that failed', async () => {
    const plan = splitPlan(3, [['report', { dependsOn: ['unit 3/3'] }], ['lint']]);
    const first = await begin(plan);
    expect(filesOf(await divide(first, FILES.slice(0, 2)))).toEqual(['a', 'b', '']);
    await end(first, { 'unit 3/3': 'skipped', lint: 'failure' });
    expect(await readFailedPart(record.store.db, first.buildId)).toMatchObject([
      { again: ['lint'], kept: ['unit 1/3', 'unit 2/3', 'report'] },
    ]);
    const again = await rerun(first.buildId);
    expect(again.work.repeat?.keptSteps).toEqual(['unit 1/3', 'unit 2/3', 'unit 3/3', 'report']);
  });

  it('does not begin a share for which no file was left, nor does the one after it', async () => {
    const first = await begin(splitPlan(3, [['lint']]));
    await divide(first, FILES.slice(0, 2));
    await end(first, { 'unit 3/3': 'skipped', lint: 'failure' });
    const again = await rerun(first.buildId);
    const steps = async (lease: Lease) =>
      Object.fromEntries(
        (
          await record.store.db
            .selectFrom('step')
            .select(['name', 'status'])
            .where('workflow_id', '=', lease.work.workflowId)
            .where('kind', '=', 'step')
            .execute()
        ).map(({ name, status }) => [name, status]),
      );
    const kept = { 'unit 1/3': 'success', 'unit 2/3': 'success', 'unit 3/3': 'skipped' };
    expect(await steps(again)).toEqual({ ...kept, lint: 'pending' });
    expect(again.work.steps.map(({ name }) => name)).not.toContain('unit 3/3');
    await end(again, { lint: 'failure' });
    const third = await rerun(again.buildId);
    expect(await steps(third)).toEqual({ ...kept, lint: 'pending' });
    await end(third, {});
    expect(await record.statusOf('build', third.buildId)).toBe('success');
  });
});

describe('a step that runs in shares', () => {
  it('has one history of its tests, whichever share they are in', async () => {
    const event = { ...pushOf('main'), commit: '1'.repeat(40) };
    const first = await begin(splitPlan(2), event);
    await tell(first, [{ 'a.test.ts': 1 }]);
    await tell(await begin(splitPlan(3), event), [{}, { 'a.test.ts': 2 }]);
    const wanted = { buildId: first.buildId, all: true, after: 0, limit: 10 };
    const tests = await readTests(record.store.db, wanted);
    expect(tests?.items.map(({ step }) => step)).toEqual(['unit 1/2']);
    const runs = await readTestRuns(record.store.db, project, tests?.items[0]?.key ?? '');
    expect(runs.map(({ durationMs }) => durationMs)).toEqual([2, 1]);
  });

  it('wants a worker that knows of shares', async () => {
    const { buildId } = await record.build(project, { plan: splitPlan(2) });
    const waiting = await readWaiting(record.store);
    expect(waiting.find((one) => one.buildId === buildId)?.features).toEqual(['split']);
    await record.build(project);
    expect((await readWaiting(record.store)).at(-1)).not.toHaveProperty('features');
  });
});
