import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeliveryStore } from '../../../src/webhooks/database-deliveries.ts';
import { bodyDigest } from '../../../src/webhooks/body-digest.ts';
import type { RecordedDelivery } from '../../../src/webhooks/delivery-store.ts';
import { findBody, mayBeAnother } from '../../../src/webhooks/known-bodies.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)] as const;
const DAY_MS = 24 * 3_600_000;

let server: TestServer;
let nowMs: number;
beforeEach(async () => {
  server = await startTestServer({ intake: false });
  nowMs = Date.now();
});
afterEach(() => server.close());

const rows = () => server.deps.store.db.selectFrom('delivery').orderBy('id').selectAll().execute();
const push = (before: string, commit: string) =>
  JSON.stringify(pushPayload({ repository: 'shop/web', before, commit }));
const idOf = async (answer: Response) => ((await answer.json()) as { delivery: string }).delivery;
const setOutcome = (outcome: 'built' | 'failed') =>
  server.deps.store.transaction(({ db }) => db.updateTable('delivery').set({ outcome }).execute());

/** Records a delivery at `nowMs`, as if its signature had been right. */
function record(
  hostDeliveryId: string,
  body: string,
  event = 'push',
  sentAtMs?: number,
): Promise<RecordedDelivery> {
  const deliveries = createDeliveryStore({
    store: server.deps.store,
    clock: { nowMs: () => nowMs },
    events: new Set(['push', 'pull_request']),
  });
  const about = { host: 'github', action: null, repository: 'shop/web' } as const;
  const sent = sentAtMs === undefined ? {} : { sentAtMs };
  return deliveries.record({ ...about, hostDeliveryId, event, body, receivedAtMs: nowMs, ...sent });
}

describe('a signed body that is sent again', () => {
  it('under other delivery ids is the delivery of before, however often', async () => {
    const body = push(A, B);
    const first = await idOf(await server.deliver('push', body, { id: 'github' }));
    await setOutcome('built');
    for (let n = 0; n < 5; n++) {
      const answer = await server.deliver('push', body, { id: `stranger-${n}` });
      expect(answer.status).toBe(200);
      expect(await idOf(answer)).toBe(first);
    }
    expect(await rows()).toMatchObject([{ host_delivery_id: 'github', times: 6, outcome: 'built' }]);
  });

  it('at the same time under twenty ids is one delivery', async () => {
    const body = push(A, B);
    await Promise.all(Array.from({ length: 20 }, () => server.deliver('push', body)));
    expect(await rows()).toMatchObject([{ times: 20 }]);
  });

  it('after it was fetched from the Git host, which writes it anew, is the one that was fetched', async () => {
    const { ref, ...rest } = JSON.parse(push(A, B)) as { ref: string };
    await record('github', JSON.stringify({ ...rest, ref }, null, 2));
    expect(await record('stranger', push(A, B))).toMatchObject({ isNew: false });
  });

  it('is tried again where it had failed', async () => {
    await record('github', push(A, B));
    await setOutcome('failed');
    expect(await record('other', push(A, B))).toMatchObject({ isNew: false, outcome: 'received' });
  });

  it('is known when its delivery is gone, under its own id too', async () => {
    await record('github', push(A, B));
    await server.deps.store.transaction(({ db }) => db.deleteFrom('delivery').execute());
    nowMs += 300 * DAY_MS;
    for (const id of ['github', 'stranger'])
      expect(await record(id, push(A, B))).toMatchObject({ isNew: false, outcome: 'ignored' });
    expect(await rows()).toEqual([]);
  });

  it('is known also where another webhook had brought its event before, with another body', async () => {
    const first = await record('github', push(A, B));
    const ofApp = JSON.stringify({ ...(JSON.parse(push(A, B)) as object), installation: { id: 1 } });
    expect(await record('github', ofApp)).toMatchObject({ id: first.id, isNew: false });
    expect(await record('stranger', ofApp)).toMatchObject({ id: first.id, isNew: false });
  });

  it('has nothing looked for in all that came since, when it is old', async () => {
    await record('github', push(A, B));
    const body = push(A, B);
    const asked: string[] = [];
    await server.deps.store.transaction(async (tx) => {
      const db = new Proxy(tx.db, {
        get: (target, key) =>
          key === 'selectFrom'
            ? (table: 'delivery') => {
                asked.push(table);
                return target.selectFrom(table);
              }
            : (Reflect.get(target, key) as unknown),
      });
      const about = { host: 'github', action: null, repository: 'shop/web', event: 'push' } as const;
      const again = { ...about, hostDeliveryId: '2', body, receivedAtMs: nowMs + DAY_MS };
      expect(await findBody({ ...tx, db }, bodyDigest('push', body), again)).toMatchObject({
        mayRepeat: false,
      });
    });
    expect(asked).toEqual(['delivery_body']);
  });
});

describe('an honest delivery is not kept out', () => {
  it('by its body that was sent before it as another event, which no signature covers', async () => {
    await record('stranger', push(A, B), 'pull_request');
    await record('stranger-2', push(A, B), 'ping');
    expect(await record('github', push(A, B))).toMatchObject({ isNew: true });
  });

  it('by an old body that was sent under its id before it', async () => {
    await record('github-1', push(A, B));
    await record('github-2', push(A, B));
    expect(await record('github-2', push(B, A))).toMatchObject({ isNew: true });
  });

  it('by an old body that was sent under its id before it as another event', async () => {
    await record('github-1', push(A, B));
    await record('github-2', push(A, B), 'ping');
    await record('github-3', push(A, B), 'pull_request');
    expect(await record('github-2', push(B, A))).toMatchObject({ isNew: true });
    expect(await record('github-3', push(A, A))).toMatchObject({ isNew: true });
    expect((await rows()).map((row) => row.host_delivery_id)).toEqual([
      'github-1',
      ...(await rows()).slice(1, 3).map(({ id }, at) => `github-${at + 2} ${id}`),
      'github-2',
      'github-3',
    ]);
  });

  it('by its own body that was sent before it under the id of another one', async () => {
    const first = await record('github-1', push(A, B));
    await setOutcome('built');
    expect(await record('github-1', push(B, A))).toMatchObject({ id: first.id, isNew: false });
    expect(await record('github-2', push(B, A))).toMatchObject({ isNew: true, outcome: 'received' });
    expect(await record('stranger', push(B, A))).toMatchObject({ isNew: false });
  });

  it('and nobody takes the id of one that led to a build', async () => {
    const first = await record('github', push(A, B));
    await setOutcome('built');
    expect(await record('github', push(A, B), 'pull_request')).toMatchObject({ id: first.id, isNew: false });
    expect(await rows()).toMatchObject([{ host_delivery_id: 'github', event: 'push' }]);
  });

  it('by its like of another second', async () => {
    await record('1', push(A, B));
    const later = JSON.stringify({ ...(JSON.parse(push(A, B)) as object), pushed_at: 1 });
    expect(await record('2', later)).toMatchObject({ isNew: true });
  });

  it('by its like of the same second: a branch that went there, back, and there again', async () => {
    await record('1', push(A, B));
    nowMs += 200;
    await record('2', push(B, A));
    nowMs += 200;
    expect(await record('3', push(A, B))).toMatchObject({ isNew: true });
    expect((await rows()).map((row) => row.host_delivery_id)).toEqual(['1', '2', '3']);
    nowMs += 200;
    expect(await record('4', push(A, B))).toMatchObject({ isNew: false });
    expect(await record('5', push(B, A))).toMatchObject({ isNew: true });
    expect(await record('6', push(B, A))).toMatchObject({ isNew: false });
  });

  it('by its like of the same second, when it is fetched from the Git host minutes later', async () => {
    const second = nowMs - (nowMs % 1_000);
    await record('1', push(A, B));
    await record('2', push(B, A));
    nowMs += 5 * 60_000;
    expect(await record('3', push(A, B), 'push', second + 400)).toMatchObject({ isNew: true });
  });

  it('by its like of the same second, of which the Git host does not tell more', async () => {
    const second = nowMs - (nowMs % 1_000);
    nowMs = second + 300;
    await record('1', push(A, B));
    await record('2', push(B, A), 'push', second);
    expect(await record('3', push(A, B), 'push', second)).toMatchObject({ isNew: true });
  });
});

it.each([
  [{ ageMs: 400, repeats: 0, hasOtherSince: true }, true],
  [{ ageMs: 400, repeats: 0, hasOtherSince: false }, false],
  [{ ageMs: 400, repeats: 1, hasOtherSince: true }, false],
  [{ ageMs: 60_000, repeats: 0, hasOtherSince: true }, false],
])('a body with %j is another event: %s', (given, isAnother) => {
  expect(mayBeAnother(given)).toBe(isAnother);
});
