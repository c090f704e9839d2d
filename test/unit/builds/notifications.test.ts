import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewTarget, NotificationEvent, NotificationMessage } from '../../../src/core/notification.ts';
import { effectSettled } from '../../../src/builds/index.ts';
import { createOutbox, type EffectOutcome } from '../../../src/outbox/outbox.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { openKeyRing } from '../../../src/secrets/key-ring.ts';
import {
  createNotificationTargets,
  type NotificationTargets,
} from '../../../src/secrets/notification-targets.ts';
import { createSecretBox } from '../../../src/secrets/secret-box.ts';
import {
  deployOf,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
  type TestRecord,
  type TestWorker,
} from '../../support/record.ts';

const EVERY: readonly NotificationEvent[] = [
  'build.failed',
  'build.recovered',
  'build.ended',
  'deployment.done',
  'deployment.failed',
];

let folder: string;
let record: TestRecord;
let targets: NotificationTargets;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-notifications-'));
  record = await makeRecord();
  const box = createSecretBox(await openKeyRing(path.join(folder, 'keys')));
  targets = createNotificationTargets({ store: record.store, box, clock: record.clock });
  ada = await record.worker('ada', { capacity: 8 });
  project = await record.project();
});
afterEach(async () => {
  await record.close();
  await rm(folder, { recursive: true });
});

const webhook = (events: readonly NotificationEvent[], branches: readonly string[] = []): NewTarget => ({
  kind: 'webhook',
  url: 'https://hooks.example.com/of-its-own',
  secret: 'what signs the messages',
  events,
  branches,
});

async function ended(
  status: 'success' | 'failure' = 'success',
  branch = 'main',
  deploys = false,
): Promise<string> {
  const plan = planOf(deploys ? { deploys: [deployOf('production')] } : {});
  const event = { kind: 'push', branch } as const;
  const { buildId } = await record.build(project, { plan, event });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)), status);
  record.clock.now += 1_000;
  return buildId;
}

const rows = () =>
  record.store.db.selectFrom('outbox').selectAll().where('kind', '=', 'notification').orderBy('id').execute();
async function told(): Promise<string[]> {
  return (await rows()).map((row) => {
    const { message } = JSON.parse(row.payload_json) as { message: NotificationMessage };
    return `${message.event} ${message.deployment?.environment ?? message.build?.ref ?? ''}`;
  });
}

describe('a target', () => {
  it('is told of the events that it wants, each once, the most telling name of what happened first', async () => {
    await targets.add(project, webhook(['build.failed', 'build.recovered']));
    for (const status of ['success', 'failure', 'failure', 'success', 'success'] as const)
      await ended(status);
    expect(await told()).toEqual(['build.failed main', 'build.failed main', 'build.recovered main']);
  });

  it('that wants every end hears of each once, under its most telling name', async () => {
    await targets.add(project, webhook(['build.ended', 'build.failed']));
    const { buildId } = await record.build(project);
    await record.builds.cancelBuild(buildId, 'by ada');
    for (const status of ['failure', 'success', 'success'] as const) await ended(status);
    expect(await told()).toEqual([
      'build.ended main',
      'build.failed main',
      'build.recovered main',
      'build.ended main',
    ]);
  });

  it('hears of a recovery by the builds of that branch, between which others ended as they liked', async () => {
    await targets.add(project, webhook(['build.recovered']));
    await ended('failure', 'main');
    await ended('success', 'other');
    expect(await told()).toEqual([]);
    const { buildId } = await record.build(project, { event: { kind: 'push', branch: 'main' } as const });
    await record.builds.cancelBuild(buildId, 'by ada');
    await ended('success', 'main');
    expect(await told()).toEqual(['build.recovered main']);
  });

  it('hears of a recovery by the pull request too, and never by a tag', async () => {
    await targets.add(project, webhook(['build.recovered']));
    const pull = { kind: 'pull_request', targetBranch: 'main', number: 7 } as const;
    for (const event of [pull, { kind: 'tag', tag: 'v1' }] as const)
      for (const status of ['failure', 'success'] as const) {
        const { buildId } = await record.build(project, { plan: planOf({}), event });
        await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)), status);
      }
    expect(await told()).toEqual(['build.recovered #7']);
  });

  it('of some branches hears of no other', async () => {
    await targets.add(project, webhook(['build.failed'], ['main', 'release/*']));
    for (const branch of ['main', 'feature', 'release/1', 'mainly']) await ended('failure', branch);
    expect(await told()).toEqual(['build.failed main', 'build.failed release/1']);
  });

  it('of a branch hears of its builds by the clock', async () => {
    await targets.add(project, webhook(['build.failed'], ['main']));
    const event = { kind: 'cron', branch: 'main', cron: 'nightly', tickMs: 0 } as const;
    const { buildId } = await record.build(project, { plan: planOf({}), event });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)), 'failure');
    expect(await told()).toEqual(['build.failed main']);
  });

  it('hears of a deployment that is live, and of one that failed', async () => {
    await targets.add(project, webhook(['deployment.done', 'deployment.failed']));
    const first = await record.deploymentOf(await ended('success', 'main', true));
    expect(await told()).toEqual([]);
    const lease = await ada.claimDeployment(first);
    await prepare(lease);
    await switchOver(lease);
    expect(await told()).toEqual(['deployment.done production']);
    const second = await record.deploymentOf(await ended('success', 'main', true));
    const failing = await ada.claimDeployment(second);
    await failing.report({
      type: 'deployment.finished',
      status: 'failure',
      reason: 'health: 500',
      logBytes: 0,
    });
    expect(await told()).toEqual(['deployment.done production', 'deployment.failed production']);
  });

  it('gets what a person needs to know, and nothing that opens it is kept with it', async () => {
    await targets.add(project, webhook(['build.failed']));
    const buildId = await ended('failure');
    const [row] = await rows();
    expect(JSON.parse(row?.payload_json ?? '')).toMatchObject({
      message: {
        event: 'build.failed',
        project: 'shop/web',
        path: `/builds/${buildId}`,
        build: { id: buildId, number: 1, status: 'failure', ref: 'main', commit: 'a'.repeat(40) },
        deployment: null,
      },
    });
    expect(JSON.stringify(await rows())).not.toMatch(/of-its-own|what signs/);
    const kept = await record.store.db.selectFrom('notification_target').selectAll().execute();
    expect(JSON.stringify(kept)).not.toMatch(/of-its-own|what signs/);
    expect(JSON.stringify(await targets.list(project))).not.toMatch(/of-its-own|what signs/);
  });

  it('of e-mail has a message for each address, so that one refused address takes no other along', async () => {
    const addresses = ['ada@example.com', 'bob@example.com'];
    await targets.add(project, { kind: 'email', addresses, events: ['build.failed'], branches: [] });
    await ended('failure');
    expect(
      (await rows()).map(({ payload_json }) => (JSON.parse(payload_json) as { address: string }).address),
    ).toEqual(addresses);
  });

  it('that is removed is told nothing more, and removing another project’s is refused', async () => {
    const { id } = await targets.add(project, webhook(EVERY));
    const other = await record.project('shop/other');
    await expect(targets.remove(other, id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(record.builds.tryNotification(other, id)).rejects.toMatchObject({ code: 'not_found' });
    await targets.remove(project, id);
    await ended('failure');
    expect(await told()).toEqual([]);
    expect(await targets.open(id)).toBeNull();
  });

  it('of another project hears nothing', async () => {
    await targets.add(await record.project('shop/other'), webhook(EVERY));
    await ended('failure');
    expect(await told()).toEqual([]);
  });
});

describe('what is sent', () => {
  const errors: unknown[] = [];
  const outboxWith = (outcomes: EffectOutcome[], seen: string[]) =>
    createOutbox({
      store: record.store,
      clock: systemClock,
      handlers: {
        notification: async (_payload, key) => {
          seen.push(key);
          return outcomes.shift() ?? { state: 'done', detail: 'hooks.example.com answered 200' };
        },
      },
      settled: effectSettled,
      onError: (error) => errors.push(error),
    });

  it('is tried again under the same id until it is taken, and shown with the target', async () => {
    const { id } = await targets.add(project, webhook(['build.failed']));
    const buildId = await ended('failure');
    const seen: string[] = [];
    const outbox = outboxWith([{ state: 'retry', reason: 'hooks.example.com answered 503' }], seen);
    outbox.start();
    await expect
      .poll(async () => (await targets.list(project))[0]?.last?.state, { timeout: 5_000 })
      .toBe('done');
    await outbox.stop();
    expect(seen).toEqual([`${id}:${buildId}`, `${id}:${buildId}`]);
    expect((await targets.list(project))[0]?.last).toMatchObject({
      result: 'hooks.example.com answered 200',
    });
    expect(errors).toEqual([]);
  });

  it('once it is taken is not sent by the next server', async () => {
    await targets.add(project, webhook(['build.failed']));
    await ended('failure');
    const seen: string[] = [];
    for (let n = 0; n < 2; n++) {
      const outbox = outboxWith([], seen);
      outbox.start();
      await expect.poll(async () => (await rows())[0]?.state, { timeout: 5_000 }).toBe('done');
      await outbox.stop();
    }
    expect(seen).toHaveLength(1);
  });

  it('goes on at the next start where a server ended before it was recorded as done', async () => {
    await targets.add(project, webhook(['build.failed']));
    await ended('failure');
    const cut = createOutbox({
      store: record.store,
      clock: systemClock,
      handlers: {
        notification: (_payload, _key, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut')))),
      },
      settled: effectSettled,
      onError: (error) => errors.push(error),
    });
    cut.start();
    await cut.stop();
    expect((await rows())[0]).toMatchObject({ state: 'pending', attempts: 0 });
    const seen: string[] = [];
    const outbox = outboxWith([], seen);
    outbox.start();
    await expect.poll(async () => (await rows())[0]?.state, { timeout: 5_000 }).toBe('done');
    await outbox.stop();
    expect(seen).toHaveLength(1);
  });

  it('as a test is a message of its own each time', async () => {
    const { id } = await targets.add(project, webhook(['build.failed']));
    await record.builds.tryNotification(project, id);
    await record.builds.tryNotification(project, id);
    expect(new Set((await rows()).map(({ key }) => key)).size).toBe(2);
    expect(await told()).toEqual(['test ', 'test ']);
  });
});
