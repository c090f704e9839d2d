import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import { Problem } from '../../../src/core/problem.ts';
import { systemClock as clock } from '../../../src/ports/clock.ts';
import { createDeliveryStore } from '../../../src/webhooks/database-deliveries.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { makeRecord, pushOf } from '../../support/record.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { nodeEnvironment } from '../../support/node-environment.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-plan-attempts-'));
  file = path.join(folder, 'slipway.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A server from its start until it has nothing to plan, or is dead; gives the signal that ended it. */
async function runServer(): Promise<string | null> {
  const script = fileURLToPath(new URL('die-planning.ts', import.meta.url));
  const child = spawn(process.execPath, [script, file], {
    env: nodeEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal;
}

it.each([
  ['a delivery', 'dlv_1', ['SIGKILL', 'SIGKILL', null, null]],
  ['a person', null, ['SIGKILL', 'SIGKILL', 'SIGKILL', null]],
])(
  'a build by %s whose plan takes the server down three times is planned no more',
  { timeout: 60_000 },
  async (_by, deliveryId, wanted) => {
    const record = await makeRecord(file);
    const projectId = await record.project();
    // That of a delivery is planned at once, by the server that has made it: here it dies of that.
    const build = { projectId, deliveryId, event: pushOf('main'), outcome: null, blocked: null };
    const { buildId } = await record.builds.createBuild(build);
    await record.close();
    const ended: (string | null)[] = [];
    for (let start = 0; start < 4; start += 1) ended.push(await runServer());
    expect(ended).toEqual(wanted);
    const store = await openStore(file);
    const row = await store.db
      .selectFrom('build')
      .select(['status', 'reason'])
      .where('id', '=', buildId)
      .executeTakeFirstOrThrow();
    await store.close();
    const { message, fix } = new Problem('plan_kills_server', { times: 3 });
    expect(row).toEqual({ status: 'error', reason: `${message} ${fix}` });
  },
);

it('a delivery that takes the server down each time it is taken in fails, and can be replayed', async () => {
  const record = await makeRecord(file);
  await record.project();
  const body = JSON.stringify(pushPayload({ repository: 'shop/web', commit: 'a'.repeat(40) }));
  const deliveries = createDeliveryStore({ store: record.store, clock, events: new Set() });
  const about = { host: 'github', hostDeliveryId: 'one', event: 'push', action: null } as const;
  const { id } = await deliveries.record({ ...about, repository: 'shop/web', body, receivedAtMs: 1 });
  await record.close();
  const rowOf = async (act: (deliveries: ReturnType<typeof createDeliveryStore>) => Promise<void>) => {
    const store = await openStore(file);
    await act(createDeliveryStore({ store, clock, events: new Set() }));
    const row = await store.db.selectFrom('delivery').select(['outcome', 'reason']).executeTakeFirst();
    await store.close();
    return row;
  };
  const nothing = () => Promise.resolve();

  const ended: (string | null)[] = [];
  for (let start = 0; start < 4; start += 1) ended.push(await runServer());
  expect(ended).toEqual(['SIGKILL', 'SIGKILL', null, null]);
  const { message, fix } = new Problem('delivery_kills_server', { times: 3 });
  expect(await rowOf(nothing)).toEqual({ outcome: 'failed', reason: `${message} ${fix}` });

  expect(await rowOf((again) => again.replay(id))).toEqual({ outcome: 'received', reason: null });
  expect([await runServer(), await runServer(), await runServer()]).toEqual(['SIGKILL', 'SIGKILL', null]);
});

it('a delivery that is only under way each time another one takes the server down is taken in all the same', async () => {
  const record = await makeRecord(file);
  const projectId = await record.project();
  const project = await record.store.db
    .selectFrom('project')
    .where('id', '=', projectId)
    .selectAll()
    .executeTakeFirstOrThrow();
  await record.store.transaction(({ db }) =>
    db
      .insertInto('project')
      .values({
        ...project,
        id: newId('prj'),
        path: 'shop/slow',
        host_repository: 'shop/slow',
        clone_url: 'https://git.test/shop/slow.git',
      })
      .execute(),
  );
  const deliveries = createDeliveryStore({ store: record.store, clock, events: new Set() });
  for (const repository of ['shop/web', 'shop/slow']) {
    const body = JSON.stringify(pushPayload({ repository, commit: 'a'.repeat(40) }));
    const about = { host: 'github', hostDeliveryId: repository, event: 'push', action: null } as const;
    await deliveries.record({ ...about, repository, body, receivedAtMs: 1 });
  }
  await record.close();
  expect([await runServer(), await runServer(), await runServer()]).toEqual(['SIGKILL', 'SIGKILL', null]);
  const store = await openStore(file);
  const rows = await store.db
    .selectFrom('delivery')
    .select(['repository', 'outcome'])
    .orderBy('id')
    .execute();
  await store.close();
  expect(rows).toEqual([
    { repository: 'shop/web', outcome: 'failed' },
    { repository: 'shop/slow', outcome: 'ignored' },
  ]);
});
