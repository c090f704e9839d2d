import { expect, it } from 'vitest';
import { NO_TESTS } from '../../src/core/test-report.ts';
import { removeArtifacts } from '../../src/retention/remove-artifacts.ts';
import { removeBuild } from '../../src/retention/remove-build.ts';
import { readBuild } from '../../src/store/read/build.ts';
import { readTestRuns, readTests } from '../../src/store/read/tests.ts';
import { createArtifacts } from '../../src/artifacts/artifacts.ts';
import { makeRecord, planOf, stepOf } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

const CONTEXT = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };

onEachDatabase((open) => {
  it('divides the test files of a step by what they took, and keeps that until its build is removed', async () => {
    const record = await makeRecord(await open());
    try {
      const ada = await record.worker('ada', { capacity: 9, features: ['split'] });
      const project = await record.project();
      const files = ['a.test.ts', 'b.test.ts', 'c.test.ts', 'd.test.ts'];
      const share = (index: number) =>
        stepOf(`unit ${index}/2`, {
          split: { step: 'unit', share: index, of: 2, files: ['*.test.ts'], directory: null },
        });
      const begin = async () => {
        const { buildId } = await record.build(project, { plan: planOf({ steps: [share(1), share(2)] }) });
        const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
        const ask = () => record.builds.divideFiles(lease.open, { step: 'unit', files });
        return { buildId, lease, ask };
      };
      const first = await begin();
      const attemptId = first.lease.work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
      const test = { suite: 's', line: null, status: 'passed' as const, message: null };
      const results = files.flatMap((file, index) =>
        [1, 2].map((n) => ({ ...test, file, name: `${n}`, durationMs: index === 0 ? 450 : 50 })),
      );
      const summary = { files: 1, counts: { ...NO_TESTS, passed: 8 }, note: null };
      await record.builds.keepTests(first.lease.open, { attemptId, from: 0, results, summary });
      const second = await begin();
      const division = [
        { files: files.slice(0, 1), expectedMs: 900 },
        { files: files.slice(1), expectedMs: 300 },
      ];
      expect(await second.ask()).toEqual({ division });
      await record.store.transaction((tx) => removeBuild(tx, first.buildId));
      expect(await second.ask()).toEqual({ division });
      await record.store.transaction((tx) => removeBuild(tx, second.buildId));
      expect(await record.store.db.selectFrom('division').selectAll().execute()).toEqual([]);
    } finally {
      await record.close();
    }
  });

  it('keeps test reports and artifacts, finds the flaky tests of a commit, and removes both with their build', async () => {
    const record = await makeRecord(await open());
    try {
      const ada = await record.worker('ada', { capacity: 9 });
      const project = await record.project();
      const run = async (status: 'passed' | 'failed') => {
        const { buildId } = await record.build(project);
        const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
        const attemptId = lease.work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '';
        const test = { suite: 's', file: 'a.ts', line: 1, durationMs: 7, message: null };
        const results = [
          { ...test, name: 'flips', status },
          { ...test, name: 'holds', status: 'passed' as const },
        ];
        const summary = { files: 1, counts: { ...NO_TESTS, passed: 2 }, note: null };
        await record.builds.keepTests(lease.open, { attemptId, from: 0, results, summary });
        return { buildId, lease, attemptId };
      };
      const first = await run('failed');
      const second = await run('passed');
      for (const { buildId } of [first, second]) {
        const wanted = { buildId, all: false, after: 0, limit: 10 };
        const tests = await readTests(record.store.db, wanted);
        expect(tests?.items).toMatchObject([{ name: 'flips', flaky: true, durationMs: 7, line: 1 }]);
        expect((await readTests(record.store.db, { ...wanted, all: true }))?.items).toHaveLength(2);
        const runs = await readTestRuns(record.store.db, project, tests?.items[0]?.key ?? '');
        expect(runs.map(({ status, buildNumber }) => [status, buildNumber])).toEqual([
          ['passed', 2],
          ['failed', 1],
        ]);
      }
      const removed: string[] = [];
      const files = {
        received: async () => 0,
        write: async () => undefined,
        finish: async () => ({ digest: `sha256:${'a'.repeat(64)}`, bytes: 3 }),
        open: async () => null,
        remove: async (id: string) => void removed.push(id),
        async *list() {
          yield [id];
        },
      };
      const artifacts = createArtifacts({
        ...{ store: record.store, clock: record.clock, files, mostBytes: 10 },
        readRoom: async () => null,
      });
      const { lease, attemptId, buildId } = second;
      const offer = {
        attemptId,
        name: 'site',
        files: 1,
        bytes: 3,
        digest: `sha256:${'a'.repeat(64)}`,
        keepMs: 1_000,
      };
      const { id } = await artifacts.offer(lease.open.id, offer);
      const part = { id, offset: 0, bytes: Buffer.from('abc') };
      expect(await artifacts.take(lease.open.id, new Set([attemptId]), part)).toMatchObject({ whole: true });
      const view = await readBuild(record.store.db, buildId, CONTEXT);
      expect(view?.artifacts).toMatchObject([{ id, name: 'site', step: 'unit', files: 1, bytes: 3 }]);
      expect(view?.workflows[0]?.steps.find(({ kind }) => kind === 'step')?.attempts[0]?.tests).toEqual({
        ...NO_TESTS,
        passed: 2,
      });
      const at = (nowMs: number) => ({
        mostBytes: null,
        nowMs,
        pause: async () => true,
        onStuck: expect.unreachable,
      });
      await removeArtifacts(record.store, files, at(record.clock.now));
      expect(removed).toEqual([]);
      await removeArtifacts(record.store, files, at(record.clock.now + 2 * 3_600_000));
      expect(removed).toEqual([id]);
      await record.store.transaction((tx) => removeBuild(tx, buildId));
      for (const table of ['test_report', 'test_result', 'artifact'] as const) {
        const left = await record.store.db.selectFrom(table).select('build_id').distinct().execute();
        expect(left).toEqual(table === 'artifact' ? [] : [{ build_id: first.buildId }]);
      }
    } finally {
      await record.close();
    }
  });
});
