import { afterEach, expect, it } from 'vitest';
import { newId } from '../../src/core/id.ts';
import { createOutbox } from '../../src/outbox/outbox.ts';
import { effectSettled } from '../../src/builds/index.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { readBuild, readBuilds } from '../../src/store/read/builds.ts';
import { readEnvironments } from '../../src/store/read/environments.ts';
import { readProjects } from '../../src/store/read/projects.ts';
import type { Store } from '../../src/store/store.ts';
import { deployOf, makeRecord, planOf, prepare, runWorkflow, switchOver } from '../support/record.ts';
import type { TestRecord } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

const records: TestRecord[] = [];
afterEach(async () => {
  for (const record of records.splice(0)) await record.close();
});
async function opened(target: string): Promise<TestRecord> {
  const record = await makeRecord(target);
  records.push(record);
  return record;
}

const views = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => `http://${host}` };

onEachDatabase((target) => {
  it('takes a build from its record through its steps and tags to a live deployment and back', async () => {
    const record = await opened(await target());
    const { store, builds } = record;
    const outbox = createOutbox({
      store,
      clock: systemClock,
      handlers: { tag: async () => ({ state: 'done', detail: 'set' }) },
      settled: effectSettled,
      onError: (error) => record.errors.push(error),
    });
    outbox.start();
    const ada = await record.worker('ada');
    const project = await record.project();
    const plan = planOf({ deploys: [deployOf('production')] });
    for (const number of [1, 2]) {
      const { buildId } = await record.build(project, { plan });
      const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
      await runWorkflow(lease);
      const { id } = await store.db
        .selectFrom('deployment')
        .select('id')
        .where('build_id', '=', buildId)
        .executeTakeFirstOrThrow();
      const deploying = await ada.claimDeployment(id);
      await prepare(deploying);
      await switchOver(deploying);
      const view = await readBuild(store.db, buildId, views);
      expect(view).toMatchObject({
        number,
        status: 'success',
        workflows: [
          { workerName: 'ada', steps: [{ kind: 'clone' }, { kind: 'image' }, {}, { kind: 'push' }] },
        ],
        pushed: { repository: 'registry.test:5000/shop/web' },
        deployments: [{ status: 'success', phase: 'done', environment: 'production' }],
      });
    }
    const [environment] = await readEnvironments(store.db, project, views);
    expect(environment).toMatchObject({
      urls: ['http://production.test'],
      live: { buildNumber: 2 },
      rollback: { buildNumber: 1, hot: true },
      history: [{ buildNumber: 2 }, { buildNumber: 1 }],
    });
    const { deploymentId } = await builds.rollBack(environment?.id ?? '', null);
    await switchOver(await ada.claimDeployment(deploymentId));
    expect((await readEnvironments(store.db, null, views))[0]?.live?.buildNumber).toBe(1);
    await outbox.stop();
    expect(record.errors).toEqual([]);
  });

  it('keeps 2,000 deliveries of 7 kB that 64 senders record at the same time', async () => {
    const { store } = await opened(await target());
    const body = 'x'.repeat(7_168);
    await insertDeliveries(store, body, 2_000);
    const { count } = await store.db
      .selectFrom('delivery')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(2_000);
  });

  it('pages through builds without missing or doubling one', async () => {
    const record = await opened(await target());
    const project = await record.project();
    for (let count = 0; count < 25; count += 1) await record.build(project);
    const numbers: number[] = [];
    let before: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readBuilds>> = await readBuilds(
        record.store.db,
        { projectId: project, before, limit: 10 },
        views,
      );
      numbers.push(...page.items.map(({ number }) => number));
      before = page.next;
    } while (before !== null);
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
    expect((await readProjects(record.store.db, views))[0]?.lastBuild?.number).toBe(25);
  });
});

/** 64 senders, as a server under load has requests. */
async function insertDeliveries(store: Store, body: string, count: number): Promise<void> {
  let left = count;
  const sender = async (): Promise<void> => {
    while ((left -= 1) >= 0)
      await store.grouped((tx) => tx.db.insertInto('delivery').values(delivery(body)).execute());
  };
  await Promise.all(Array.from({ length: 64 }, sender));
}

function delivery(body: string) {
  const id = newId('dlv');
  return {
    id,
    host: 'github' as const,
    host_delivery_id: id,
    event: 'push',
    action: null,
    repository: 'shop/web',
    body,
    body_bytes: body.length,
    received_at: Date.now(),
    outcome: 'received' as const,
    reason: null,
  };
}
