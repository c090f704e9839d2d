import { afterEach, expect, it } from 'vitest';
import { BUILT_EVENTS } from '../../src/hosts/github/read-delivery.ts';
import type { HostDeliveries } from '../../src/ports/host-deliveries.ts';
import { readBuild } from '../../src/store/read/builds.ts';
import { createDeliveryStore } from '../../src/webhooks/database-deliveries.ts';
import { lookAt } from '../../src/webhooks/look-at.ts';
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
  it('records what the Git host is told of a build and its deployment, each target in its order', async () => {
    const record = await opened(await target());
    const { store } = record;
    const project = await record.project();
    await store.transaction((tx) => tx.db.updateTable('project').set({ installation_id: '7' }).execute());
    const ada = await record.worker('ada');
    const { buildId } = await record.build(project, { plan: planOf({ deploys: [deployOf('production')] }) });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const { id } = await store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
    const lease = await ada.claimDeployment(id);
    await prepare(lease);
    await switchOver(lease);
    const rows = await store.db
      .selectFrom('outbox')
      .select(['id', 'target', 'payload_json'])
      .where('kind', '=', 'commit-status')
      .orderBy('target')
      .orderBy('id')
      .execute();
    const states = rows.map(({ payload_json }) => JSON.parse(payload_json) as Record<string, string>);
    expect(states.map(({ context, state }) => `${context ?? ''} ${state ?? ''}`)).toEqual([
      ...['slipway/build pending', 'slipway/build pending', 'slipway/build success'],
      ...['slipway/deploy/production pending', 'slipway/deploy/production success'],
    ]);
    expect((await readBuild(store.db, buildId, views))?.notices).toEqual([]);
  });

  it('keeps how far the Git host was asked, and takes a delivery in once', async () => {
    const { store, clock } = await opened(await target());
    const one = { id: '1', hostDeliveryId: 'guid', event: 'push', deliveredAtMs: clock.now - 1_000 };
    const host: HostDeliveries = {
      findWebhook: async () => ({ kind: 'ok', value: '5' }),
      list: async (_source, cursor) => ({
        kind: 'ok',
        value: { items: [one], next: cursor === null ? 'more' : null },
      }),
      read: async () => ({ kind: 'ok', value: { action: null, repository: 'shop/web', body: '{}' } }),
    };
    const deps = {
      ...{ store, clock, host, events: new Set(['push']), webhookUrl: 'x' },
      deliveries: createDeliveryStore({ store, clock, events: BUILT_EVENTS }),
    };
    const asked = { name: 'app', repository: null, sinceMs: clock.now - 3_600_000 };
    const look = () => lookAt(deps, asked, new AbortController().signal);
    expect(await look()).toEqual({ taken: 1, problem: null });
    expect(await look()).toEqual({ taken: 0, problem: null });
    const row = await store.db.selectFrom('delivery_look').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ source: 'app', since: clock.now - 900_000, until: null, cursor: null });
  });
});
