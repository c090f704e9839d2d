import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectSettled } from '../../../src/builds/index.ts';
import type { TraceEffect } from '../../../src/builds/insert-trace.ts';
import { newId } from '../../../src/core/id.ts';
import { traceOf } from '../../../src/core/trace-context.ts';
import { createOutbox, type Outbox, type OutboxDeps } from '../../../src/outbox/outbox.ts';
import { traceHandler, type TakenTrace, type TraceDeps } from '../../../src/outbox/send-trace.ts';
import { encodeAnswer } from '../../support/otlp-messages.ts';
import { startCollector, type SentSpan, type TestCollector } from '../../support/otlp-collector.ts';
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
import { waitFor } from '../../support/wait.ts';

const SECRET = 'a-key-of-its-own';

let record: TestRecord;
let ada: TestWorker;
let project: string;
let collector: TestCollector;
let taken: TakenTrace[];
let away: string[];
let outbox: Outbox | null;
beforeEach(async () => {
  [taken, away, outbox] = [[], [], null];
  record = await makeRecord(undefined, undefined, undefined, true);
  ada = await record.worker('ada', { capacity: 8 });
  project = await record.project();
  collector = await startCollector();
});
afterEach(async () => {
  await outbox?.stop();
  await collector.close();
  await record.close();
});

async function ended(status: 'success' | 'failure' = 'success', deploys = false): Promise<string> {
  const plan = planOf(deploys ? { deploys: [deployOf('production')] } : {});
  const { buildId } = await record.build(project, { plan });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)), status);
  return buildId;
}

const handler = (deps: Partial<TraceDeps> = {}) =>
  traceHandler({
    store: record.store,
    clock: record.clock,
    collector: {
      url: `${collector.url}/v1/traces`,
      protocol: 'http/json',
      headers: { authorization: `Bearer ${SECRET}` },
      resource: { 'service.name': 'ci' },
    },
    publicUrl: 'https://ci.test',
    version: '1.2.3',
    onTaken: (told) => taken.push(told),
    onAway: (reason) => away.push(reason),
    ...deps,
  });

async function send(id: string, deps: Partial<TraceDeps> = {}) {
  const payload: TraceEffect = { kind: 'build', id, atMs: record.clock.now };
  return handler(deps)(payload, `trace:${id}`, new AbortController().signal);
}
const effects = () =>
  record.store.db.selectFrom('outbox').selectAll().where('kind', '=', 'trace').orderBy('id').execute();

/** More that wait, each behind the one before. */
async function put(count: number): Promise<void> {
  const row = { state: 'pending', next_at: 0, result: null, lease_id: null, finished_at: null } as const;
  await record.store.transaction(async (tx) => {
    for (let made = 0; made < count; made += 1) {
      const id = newId('fx', record.clock.now + 60_000);
      await tx.db
        .insertInto('outbox')
        .values({
          ...row,
          id,
          key: id,
          subject_id: 'bld_1',
          kind: 'trace',
          target: 'trace',
          payload_json: '{}',
          created_at: 0,
        })
        .execute();
    }
  });
}

function start(changes: Partial<OutboxDeps> = {}): Outbox {
  outbox = createOutbox({
    store: record.store,
    clock: record.clock,
    handlers: { trace: handler() },
    settled: effectSettled,
    onError: (error) => record.errors.push(error),
    ...changes,
  });
  outbox.start();
  return outbox;
}

describe('an end', () => {
  it('records its trace in the same transaction: a build once, and a deployment that began', async () => {
    const id = await ended('success', true);
    const lease = await ada.claimDeployment(await record.deploymentOf(id));
    expect((await effects()).map(({ key }) => key)).toEqual([`trace:${id}`]);
    await prepare(lease);
    await switchOver(lease);
    expect((await effects()).map(({ key, target, state }) => [key, target, state])).toEqual([
      [`trace:${id}`, 'trace', 'pending'],
      [`trace:${lease.work.deploymentId}`, 'trace', 'pending'],
    ]);
  });

  it('of a deployment that never began records none', async () => {
    const id = await ended('failure', true);
    expect(await record.statusOf('deployment', await record.deploymentOf(id))).toBe('skipped');
    expect((await effects()).map(({ key }) => key)).toEqual([`trace:${id}`]);
  });

  it('records nothing where there is no collector, and steps are told of no span', async () => {
    await record.close();
    record = await makeRecord();
    ada = await record.worker('ada');
    project = await record.project();
    const { buildId } = await record.build(project);
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    expect(lease.work.steps.some((step) => 'traceparent' in step)).toBe(false);
    await runWorkflow(lease);
    expect(await effects()).toEqual([]);
  });
});

describe('a trace', () => {
  it('is posted as OTLP in JSON, with the headers of the operator, and says what steps were told', async () => {
    const { buildId } = await record.build(project);
    const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
    await runWorkflow(lease);
    expect(await send(buildId)).toMatchObject({
      state: 'done',
      detail: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 200$/) as string,
    });
    const [{ path, headers } = { path: '', headers: {} }] = collector.received;
    expect(path).toBe('/v1/traces');
    expect(headers).toMatchObject({ 'content-type': 'application/json', authorization: `Bearer ${SECRET}` });
    expect(collector.complaints).toEqual([]);
    const spans = collector.spans();
    expect(spans.map(({ name }) => name)).toEqual([
      'BUILD shop/web',
      'intake',
      'waiting',
      'workflow default',
      'checkout',
      'image',
      'step unit',
      'push',
    ]);
    const unit = lease.work.steps.find(({ name }) => name === 'unit');
    const sent = spans.find(({ name }) => name === 'step unit');
    expect(unit?.traceparent).toBe(`00-${sent?.traceId ?? ''}-${sent?.spanId ?? ''}-01`);
    expect(sent?.traceId).toBe(traceOf(buildId).traceId);
  });

  it('is the same bytes when it is sent again', async () => {
    const id = await ended();
    await send(id);
    await send(id);
    expect(collector.received[1]?.body).toBe(collector.received[0]?.body);
  });

  it.each([
    [200, 'done'],
    [202, 'done'],
    [302, 'failed'],
    [400, 'failed'],
    [401, 'failed'],
    [413, 'failed'],
    [500, 'failed'],
    [429, 'retry'],
    [502, 'retry'],
    [503, 'retry'],
    [504, 'retry'],
  ])('that is answered with %i has %s', async (status, state) => {
    const id = await ended();
    collector.answer = (response) => void response.writeHead(status, { location: '/other' }).end('no JSON');
    expect((await send(id)).state).toBe(state);
    expect(collector.received).toHaveLength(1);
  });

  it('waits for as long as the collector asks for, and an hour at most', async () => {
    const id = await ended();
    const after = (value: string) => {
      collector.answer = (response) => void response.writeHead(429, { 'retry-after': value }).end();
      return send(id);
    };
    expect(await after('7')).toMatchObject({ state: 'retry', afterMs: 7_000 });
    expect(await after('86400')).toMatchObject({ state: 'retry', afterMs: 3_600_000 });
    expect(await after('soon')).not.toHaveProperty('afterMs');
  });

  it('whose spans the collector took in part is sent, and what it says is told', async () => {
    const id = await ended();
    const partialSuccess = { rejectedSpans: '2', errorMessage: `too old,\nfor ${SECRET}` };
    collector.answer = (response) => void response.writeHead(200).end(JSON.stringify({ partialSuccess }));
    expect((await send(id)).state).toBe('done');
    expect(taken).toEqual([{ subjectId: id, rejected: 2, why: 'too old, for ***' }]);
  });

  it('that is refused tells why, and nothing of what opens the collector', async () => {
    const id = await ended();
    const message = `bad data in ${SECRET}`;
    collector.answer = (response) => void response.writeHead(400).end(JSON.stringify({ code: 3, message }));
    expect(await send(id)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 400: bad data in \*\*\*$/) as string,
    });
  });

  it.each([
    ['a value of its query', (url: string) => `${url}/v1/traces?key=${SECRET}`],
    ['all of its query', (url: string) => `${url}/v1/traces?${SECRET}`],
    ['a value as it is meant', (url: string) => `${url}/v1/traces?key=${SECRET.replaceAll('-', '%2D')}`],
    ['a part of its path', (url: string) => `${url}/in/${SECRET}/v1/traces`],
  ])('is told without what the address has as a key: %s', async (_, address) => {
    const id = await ended();
    const url = address(collector.url);
    const { pathname, search } = new URL(url);
    const message = `no such thing: ${pathname}${search}, ${SECRET}`;
    collector.answer = (response) => void response.writeHead(400).end(JSON.stringify({ message }));
    const outcome = await send(id, { collector: { url, protocol: 'http/json', headers: {}, resource: {} } });
    expect(outcome).toMatchObject({ state: 'failed', reason: expect.stringContaining('***') as string });
    expect(decodeURIComponent(JSON.stringify(outcome))).not.toContain(SECRET);
    expect(JSON.stringify(outcome)).toContain('/v1/traces');
  });

  it.each([
    [200, 'done'],
    [400, 'failed'],
  ])('whose answer %i is cut off after its head has %s all the same', async (status, state) => {
    const id = await ended();
    collector.answer = (response) => {
      response.writeHead(status, { 'content-length': 100 }).write('{', () => response.destroy());
    };
    expect((await send(id)).state).toBe(state);
  });

  it('has one content type, whatever the operator sets', async () => {
    const resource = { 'service.name': 'ci' };
    const headers = { 'Content-Type': 'text/plain' };
    const url = `${collector.url}/v1/traces`;
    await send(await ended(), { collector: { url, protocol: 'http/json', headers, resource } });
    expect(collector.received[0]?.headers['content-type']).toBe('application/json');
  });

  describe('in the binary form', () => {
    const binary = () =>
      ({ url: `${collector.url}/v1/traces`, protocol: 'http/protobuf', headers: {}, resource: {} }) as const;
    const answer = (status: number, body: Buffer) => {
      collector.answer = (response) =>
        void response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end(body);
    };

    it('says the same as in JSON', async () => {
      const id = await ended();
      expect((await send(id, { collector: binary() })).state).toBe('done');
      await send(id, { collector: { ...binary(), protocol: 'http/json' } });
      const [first, second] = collector.received;
      expect(first?.headers['content-type']).toBe('application/x-protobuf');
      expect(JSON.parse(first?.body ?? '')).toEqual(JSON.parse(second?.body ?? ''));
      expect(collector.complaints).toEqual([]);
    });

    it('is told what the collector did not want, and why it refuses', async () => {
      const id = await ended();
      const partialSuccess = { rejectedSpans: 2, errorMessage: 'too old' };
      answer(200, encodeAnswer('ExportTraceServiceResponse', { partialSuccess }));
      expect((await send(id, { collector: binary() })).state).toBe('done');
      expect(taken).toEqual([{ subjectId: id, rejected: 2, why: 'too old' }]);
      answer(400, encodeAnswer('RpcStatus', { code: 3, message: 'bad data' }));
      expect(await send(id, { collector: binary() })).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(/answered 400: bad data$/) as string,
      });
    });
  });

  it('is tried again where nobody answers, and given up after a day', async () => {
    const id = await ended();
    const url = `${collector.url}/v1/traces?key=${SECRET}`;
    const away = { url, protocol: 'http/json' as const, headers: {}, resource: {} };
    await collector.close();
    const outcome = await send(id, { collector: away });
    expect(outcome).toMatchObject({
      state: 'retry',
      reason: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(JSON.stringify(outcome)).not.toContain(SECRET);
    const later = { nowMs: () => record.clock.now + 86_400_001 };
    expect(await send(id, { clock: later })).toMatchObject({ state: 'failed' });
  });

  it('is left out where its build is gone, and where there is no collector any more', async () => {
    expect(await send('bld_gone')).toEqual({ state: 'done', detail: 'left out: the build was removed' });
    expect(await send(await ended(), { collector: null })).toMatchObject({ state: 'done' });
    expect(collector.received).toEqual([]);
  });

  it('has no secret, no message of a commit and no address of a person', async () => {
    const { buildId } = await record.build(project, {
      event: { message: 'a private note', author: { name: 'Ada', email: 'ada@example.com' } },
    });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    await send(buildId);
    expect(collector.received[0]?.body).not.toMatch(/private note|ada@example|value of|a-key-of/);
  });
});

describe('a collector that is away', () => {
  /** Whatever is put off is due at the next look. */
  const hasty = () => {
    let now = record.clock.now;
    return { nowMs: () => (now += 10_000) };
  };
  const pending = async () => (await effects()).filter(({ state }) => state === 'pending').length;

  it('holds up traces, one asking for all, and nothing else', async () => {
    const ids = [await ended(), await ended(), await ended()];
    collector.answer = () => undefined;
    const tagged: string[] = [];
    start({
      handlers: {
        trace: handler(),
        'commit-status': async (_, key) => {
          tagged.push(key);
          return { state: 'done', detail: '' };
        },
      },
    });
    await waitFor('the collector is asked', async () => collector.received.length === 1);
    await record.store.transaction(async (tx) => {
      const row = { state: 'pending', next_at: 0, result: null, lease_id: null, finished_at: null } as const;
      await tx.db
        .insertInto('outbox')
        .values({
          ...row,
          id: 'fx_1',
          key: 'fx_1',
          subject_id: ids[0] ?? '',
          kind: 'commit-status',
          target: 'a commit',
          payload_json: '{}',
          created_at: 0,
        })
        .execute();
      tx.changed('outbox', 'fx_1');
    });
    await waitFor('the status is told', async () => tagged.length === 1);
    expect(collector.received).toHaveLength(1);
    expect(await pending()).toBe(3);
  });

  it('is told of all when it is back, in their order', async () => {
    const ids = [await ended(), await ended('failure')];
    let asked = 0;
    const well = collector.answer;
    collector.answer = (response) => {
      asked += 1;
      if (asked > 2) well(response);
      else response.writeHead(503).end();
    };
    start({ clock: hasty() });
    await waitFor('all are sent', async () => (await pending()) === 0);
    const roots = collector.spans().filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots.map(({ traceId }) => traceId)).toEqual(ids.map((id) => traceOf(id).traceId));
    expect(away).toHaveLength(1);
    expect(taken.map(({ subjectId, rejected }) => [subjectId, rejected])).toEqual(ids.map((id) => [id, 0]));
    expect(roots.map((span: SentSpan) => span.status.code)).toEqual([undefined, 2]);
  });

  it('gets the newest thousand: of more that wait the oldest goes, without being sent', async () => {
    const id = await ended();
    collector.answer = (response) => void response.writeHead(503).end();
    const sending = handler();
    const payload: TraceEffect = { kind: 'build', id, atMs: record.clock.now };
    const once = () => sending(payload, `trace:${id}`, new AbortController().signal);
    await put(999);
    expect((await once()).state).toBe('retry');
    expect((await once()).state).toBe('retry');
    await put(1);
    expect(await once()).toEqual({ state: 'failed', reason: 'given up: 1000 newer ones wait' });
    expect(collector.received).toHaveLength(2);
    collector.answer = (response) => void response.writeHead(200).end();
    expect((await send(id)).state).toBe('done');
  });

  it('is given up, told once each, and no build is worse for it', async () => {
    const id = await ended();
    const dropped: string[] = [];
    collector.answer = (response) => void response.writeHead(503).end();
    start({
      attempts: 3,
      clock: hasty(),
      onSettled: ({ kind, state, result }) => {
        if (kind === 'trace') dropped.push(`${state}: ${result.replace(/:\d+/, '')}`);
      },
    });
    await waitFor('it is given up', async () => dropped.length === 1);
    expect(dropped).toEqual(['failed: 127.0.0.1 answered 503']);
    expect(await record.statusOf('build', id)).toBe('success');
    expect(record.errors).toEqual([]);
  });
});
