import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectSettled } from '../../../src/builds/index.ts';
import { newId } from '../../../src/core/id.ts';
import { Problem } from '../../../src/core/problem.ts';
import { backOffMs } from '../../../src/outbox/back-off.ts';
import { createOutbox } from '../../../src/outbox/outbox.ts';
import type { EffectHandler, Outbox } from '../../../src/outbox/outbox.ts';
import { postWebhook } from '../../../src/outbox/post-webhook.ts';
import { sealLogHandler } from '../../../src/outbox/seal-log.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { IMAGE_REPORTS, makeRecord } from '../../support/record.ts';
import type { TestRecord } from '../../support/record.ts';

let record: TestRecord;
let outbox: Outbox | null = null;
const errors: unknown[] = [];
beforeEach(async () => {
  record = await makeRecord();
  errors.length = 0;
});
afterEach(async () => {
  await outbox?.stop();
  await record.close();
  expect(errors).toEqual([]);
});

function started(handlers: Record<string, EffectHandler>, attempts = 5, store = record.store): Outbox {
  outbox = createOutbox({
    store,
    clock: systemClock,
    handlers,
    settled: effectSettled,
    onError: (error) => errors.push(error),
    attempts,
  });
  outbox.start();
  return outbox;
}

async function put(kind: string, target: string, payload: object = {}): Promise<string> {
  const id = newId('fx');
  await record.store.transaction(async (tx) => {
    await tx.db
      .insertInto('outbox')
      .values({
        id,
        key: id,
        subject_id: 'wfl_1',
        kind,
        target,
        payload_json: JSON.stringify(payload),
        state: 'pending',
        next_at: Date.now(),
        result: null,
        lease_id: null,
        created_at: Date.now(),
        finished_at: null,
      })
      .execute();
    tx.changed('outbox', id);
  });
  return id;
}

const stateOf = async (id: string) => {
  const row = await record.store.db
    .selectFrom('outbox')
    .select(['state', 'result', 'attempts'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return `${row.state} ${row.result ?? ''} ${row.attempts}`;
};

it('does an effect at once when it is recorded, and once', async () => {
  const done: string[] = [];
  started({
    tag: async (_payload, key) => {
      done.push(key);
      return { state: 'done', detail: 'set' };
    },
  });
  const id = await put('tag', 'a');
  await expect.poll(() => stateOf(id)).toBe('done set 1');
  expect(done).toEqual([id]);
});

it('takes up after a restart what was recorded and not done', async () => {
  const id = await put('tag', 'a');
  started({ tag: async () => ({ state: 'done', detail: 'set' }) });
  await expect.poll(() => stateOf(id)).toBe('done set 1');
});

it('does an effect once however often its end cannot be recorded, and records that end', async () => {
  let done = 0;
  const id = await put('notification', 'a');
  const { transaction } = record.store;
  let refusals = 2;
  const refuse = (): Promise<never> => Promise.reject(new Problem('disk_full', { path: '/data' }));
  const store = {
    ...record.store,
    transaction: ((work) => (refusals-- > 0 ? refuse() : transaction(work))) as typeof transaction,
  };
  started({ notification: async () => ({ state: 'done', detail: `sent ${(done += 1)}` }) }, 5, store);
  await expect.poll(() => stateOf(id), { timeout: 10_000 }).toBe('done sent 1 1');
  expect(done).toBe(1);
  expect(errors.splice(0)).toHaveLength(2);
});

it('tries an effect again of which it is recorded that it is to be, though no answer came', async () => {
  let tries = 0;
  const id = await put('tag', 'a');
  const { transaction } = record.store;
  let lost = 1;
  const store = {
    ...record.store,
    transaction: (async (work) => {
      const result = await transaction(work);
      if (lost-- > 0) throw new Problem('database_away', { seconds: 5 });
      return result;
    }) as typeof transaction,
  };
  const tag: EffectHandler = async () =>
    (tries += 1) === 1 ? { state: 'retry', reason: 'away' } : { state: 'done', detail: 'set' };
  started({ tag }, 5, store);
  await expect.poll(() => stateOf(id), { timeout: 10_000 }).toBe('done set 2');
  expect(tries).toBe(2);
  expect(errors.splice(0)).toHaveLength(1);
});

it('looks again by itself after a record that could not be read', async () => {
  const id = await put('tag', 'a');
  let refusals = 1;
  const store = {
    ...record.store,
    get db() {
      if (refusals-- > 0) throw new Problem('database_away', { seconds: 5 });
      return record.store.db;
    },
  };
  started({ tag: async () => ({ state: 'done', detail: 'set' }) }, 5, store);
  await expect.poll(() => stateOf(id), { timeout: 10_000 }).toBe('done set 1');
  expect(errors.splice(0)).toHaveLength(1);
});

it('does the effects of one target one after the other in their order, those of several side by side', async () => {
  const log: string[] = [];
  const gate = Promise.withResolvers<undefined>();
  started({
    tag: async (payload) => {
      const { name } = payload as { name: string };
      log.push(`${name} begins`);
      if (name === 'a1') await gate.promise;
      log.push(`${name} ends`);
      return { state: 'done', detail: '' };
    },
  });
  await put('tag', 'a', { name: 'a1' });
  const second = await put('tag', 'a', { name: 'a2' });
  const other = await put('tag', 'b', { name: 'b1' });
  await expect.poll(() => stateOf(other)).toMatch(/^done/);
  expect(log).toEqual(['a1 begins', 'b1 begins', 'b1 ends']);
  gate.resolve(undefined);
  await expect.poll(() => stateOf(second)).toMatch(/^done/);
  expect(log.slice(3)).toEqual(['a1 ends', 'a2 begins', 'a2 ends']);
});

it('tries again after a failure that may pass, with the reason shown, and then gives up', async () => {
  let tries = 0;
  started(
    {
      flaky: async () => {
        tries += 1;
        if (tries < 3) throw new Error(`no ${tries}`);
        return { state: 'done', detail: 'at last' };
      },
      never: async () => ({ state: 'retry', reason: 'away' }),
      wrong: async () => ({ state: 'failed', reason: 'refused' }),
    },
    3,
  );
  const [flaky, never, wrong, unknown] = [
    await put('flaky', 'a'),
    await put('never', 'b'),
    await put('wrong', 'c'),
    await put('other', 'd'),
  ];
  await expect.poll(() => stateOf(flaky), { timeout: 5_000 }).toBe('done at last 3');
  await expect.poll(() => stateOf(never), { timeout: 5_000 }).toBe('failed away 3');
  expect(await stateOf(wrong)).toBe('failed refused 1');
  expect(await stateOf(unknown)).toBe('failed no handler for effects of kind other 1');
});

it('asks again not before the time that was told, and as often as the kind may be tried', async () => {
  let tries = 0;
  outbox = createOutbox({
    store: record.store,
    clock: systemClock,
    handlers: {
      patient: async () => {
        tries += 1;
        return tries < 3
          ? { state: 'retry', reason: 'full', afterMs: tries === 1 ? 0 : 3_600_000 }
          : { state: 'done', detail: 'late' };
      },
    },
    settled: effectSettled,
    onError: (error) => errors.push(error),
    attempts: 1,
    attemptsOf: { patient: 3 },
  });
  outbox.start();
  const id = await put('patient', 'a');
  await expect.poll(() => stateOf(id)).toBe('pending full 2');
  const { next_at } = await record.store.db
    .selectFrom('outbox')
    .select('next_at')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  expect(next_at).toBeGreaterThan(Date.now() + 3_500_000);
  expect(tries).toBe(2);
});

it('waits longer after each failure, a minute at most', () => {
  expect([1, 2, 3, 9, 50].map(backOffMs)).toEqual([250, 500, 1_000, 60_000, 60_000]);
});

it('answers the worker that waits as soon as its effect is done, and notes the tags', async () => {
  started({ tag: async () => ({ state: 'done', detail: 'set' }) });
  const ada = await record.worker('ada');
  const { buildId } = await record.build(await record.project());
  const { open, report } = await ada.claimWorkflow(await record.workflowOf(buildId));
  for (const body of IMAGE_REPORTS) await report(body);
  const effect = {
    kind: 'tag' as const,
    repository: 'registry.test:5000/shop/web',
    digest: `sha256:${'2'.repeat(64)}`,
    tags: ['main', 'abc'],
  };
  expect(await record.builds.effect(open, { key: 'tags', effect })).toEqual({ state: 'done', detail: 'set' });
  const { tags_json } = await record.store.db
    .selectFrom('image')
    .select('tags_json')
    .executeTakeFirstOrThrow();
  expect(tags_json).toBe('["main","abc"]');
});

it('seals a log with a line that says why', async () => {
  const sealed: unknown[] = [];
  const seal = sealLogHandler({ seal: async (...args) => void sealed.push(args) }, { nowMs: () => 5 });
  expect(
    await seal({ logId: 'att_1', line: 'slipway: lost' }, 'k', new AbortController().signal),
  ).toMatchObject({ state: 'done' });
  await seal({ logId: 'att_2' }, 'k', new AbortController().signal);
  expect(sealed).toEqual([
    ['att_1', 'slipway: lost', 5],
    ['att_2', 'slipway: the worker was lost here', 5],
  ]);
});

describe('posting a webhook', () => {
  it('sends the body with its key; what it answers decides what becomes of it', async () => {
    const seen: string[] = [];
    let status = 204;
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${String(request.headers['idempotency-key'])}`);
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const post = () =>
      postWebhook({ url: `http://127.0.0.1:${port}/x`, body: '{}' }, 'key-1', new AbortController().signal);
    try {
      expect((await post()).state).toBe('done');
      status = 503;
      expect((await post()).state).toBe('retry');
      status = 429;
      expect((await post()).state).toBe('retry');
      status = 410;
      expect((await post()).state).toBe('failed');
      expect(seen[0]).toBe('POST key-1');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
