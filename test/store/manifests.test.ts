import { afterEach, expect, it } from 'vitest';
import { effectSettled, endedLeases, manifestRecord } from '../../src/builds/index.ts';
import { makeRecord, runWorkflow } from '../support/record.ts';
import type { TestRecord } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

const MANIFEST = { repository: 'registry.test:5000/shop/web', digest: `sha256:${'2'.repeat(64)}` };
const STAGING = 'registry.test:5000/slipway-staging/shop/web';

let record: TestRecord | null = null;
afterEach(() => record?.close());

onEachDatabase((target) => {
  it('tells what builds have staged and put, and forgets it once that is gone', async () => {
    record = await makeRecord(await target());
    const { store, builds } = record;
    const [ada, project] = [await record.worker('ada'), await record.project()];
    const begin = async () => {
      const { buildId } = await builds.rerunBuild(first.buildId);
      return ada.claimWorkflow(await (record?.workflowOf(buildId) ?? ''));
    };
    const first = await record.build(project);
    const red = await ada.claimWorkflow(await record.workflowOf(first.buildId));
    const effect = { kind: 'put-manifest' as const, ...MANIFEST, fresh: true };
    await builds.effect(red.open, { key: 'put', effect });
    const { whyKept, removed } = manifestRecord(store);
    expect(await whyKept(MANIFEST)).toBe('build #1 of shop/web names it');
    await runWorkflow(red, 'failure');
    expect(await whyKept(MANIFEST)).toBeNull();
    const next = await begin();
    expect(await endedLeases(store)([red.open.id, next.open.id, 'latest'])).toEqual(new Set([red.open.id]));
    await removed(MANIFEST);
    expect(await store.db.selectFrom('manifest').selectAll().execute()).toEqual([]);
    const cleared = { kind: 'clear-staging', payload: { repository: STAGING }, state: 'done' as const };
    await store.transaction((tx) =>
      effectSettled(tx, { ...cleared, subjectId: first.buildId, result: '' }, Date.now()),
    );
    expect(await store.db.selectFrom('staging').select(['lease_id', 'repository']).execute()).toEqual([
      { lease_id: next.open.id, repository: STAGING },
    ]);
    expect((await builds.routerRecord(ada.known, 'local')).unusedImages).toEqual([]);
  });
});
