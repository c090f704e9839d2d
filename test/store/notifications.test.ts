import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NotificationMessage } from '../../src/core/notification.ts';
import { openKeyRing } from '../../src/secrets/key-ring.ts';
import { createNotificationTargets } from '../../src/secrets/notification-targets.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { makeRecord, runWorkflow, type TestRecord } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

const WEBHOOK = {
  kind: 'webhook',
  url: 'https://hooks.example.com/of-its-own',
  secret: 'what signs the messages',
  events: ['build.failed', 'build.recovered'],
  branches: ['main'],
} as const;

let folder: string;
let record: TestRecord;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-targets-'));
});
afterEach(async () => {
  await record.close();
  await rm(folder, { recursive: true });
});

onEachDatabase((target) => {
  it('keeps targets, tells them once of what ends, and opens them with the key', async () => {
    record = await makeRecord(await target());
    const { store, clock } = record;
    const box = createSecretBox(await openKeyRing(path.join(folder, 'keys')));
    const targets = createNotificationTargets({ store, box, clock });
    const project = await record.project();
    const ada = await record.worker('ada');
    const made = await targets.add(project, WEBHOOK);
    for (const status of ['failure', 'success'] as const) {
      const { buildId } = await record.build(project);
      await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)), status);
      clock.now += 1_000;
    }
    const rows = await store.db
      .selectFrom('outbox')
      .select('payload_json')
      .where('kind', '=', 'notification')
      .orderBy('id')
      .execute();
    const told = rows.map(
      (row) => (JSON.parse(row.payload_json) as { message: NotificationMessage }).message,
    );
    expect(told.map(({ event, build }) => [event, build?.number])).toEqual([
      ['build.failed', 1],
      ['build.recovered', 2],
    ]);
    const [shown] = await targets.list(project);
    expect(shown).toEqual({
      ...made,
      last: { atMs: expect.any(Number) as number, state: 'pending', result: null },
    });
    expect(await targets.open(made.id)).toEqual({
      kind: 'webhook',
      url: WEBHOOK.url,
      secret: WEBHOOK.secret,
    });
    await targets.remove(project, made.id);
    expect(await targets.list(project)).toEqual([]);
  });
});
