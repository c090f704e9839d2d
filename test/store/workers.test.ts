import { afterEach, expect, it } from 'vitest';
import { readWaiting, readWorkers as readPlaces } from '../../src/dispatch/read-queue.ts';
import { readWorkers } from '../../src/store/read/workers.ts';
import { makeRecord, planOf, stepOf } from '../support/record.ts';
import type { TestRecord } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

let record: TestRecord | null = null;
afterEach(async () => {
  await record?.close();
  record = null;
});

onEachDatabase((target) => {
  it('keeps what a worker is and may be, whether it drains, and what it runs', async () => {
    record = await makeRecord(await target());
    const { store, builds } = record;
    const ada = await record.worker('ada', { labels: { gpu: 'yes' }, routers: [] });
    const project = await record.project();
    const { buildId } = await record.build(project);
    await ada.claimWorkflow(await record.workflowOf(buildId));
    await builds.drainWorker('ada', true);
    const connected = builds.connectedWorkers();
    expect(await readWorkers(store.db, connected)).toMatchObject([
      {
        ...{ name: 'ada', connected: true, running: 1, drainingSinceMs: record.clock.now, protocol: 1 },
        ...{ labels: { gpu: 'yes' }, tokenLabels: { gpu: 'yes' } },
        work: [{ kind: 'build', id: buildId, name: 'shop/web#1' }],
      },
    ]);
    expect(await readPlaces(store, connected, [])).toMatchObject([
      { id: ada.known.id, labels: { gpu: 'yes' }, draining: true },
    ]);
    await builds.drainWorker('ada', false);
    expect(await readPlaces(store, connected, [])).toMatchObject([{ draining: false }]);
  });

  it('keeps the labels that a workflow wants', async () => {
    record = await makeRecord(await target());
    const project = await record.project();
    await record.build(project, { plan: planOf({ labels: { gpu: 'yes' } }) });
    await record.build(project, { plan: planOf({ steps: [stepOf('a')] }) });
    expect((await readWaiting(record.store)).map(({ labels }) => labels)).toEqual([{ gpu: 'yes' }, {}]);
  });
});
