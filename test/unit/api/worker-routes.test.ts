import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogChunk } from '../../../src/core/log.ts';
import { encodeFrames } from '../../../src/protocol/frames.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../../src/protocol/worker.ts';
import type { ClaimAnswer, RegisterAnswer } from '../../../src/protocol/worker.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import { newId } from '../../../src/core/id.ts';
import { startGitHost, type GitHost } from '../../support/git-host.ts';
import { alone, planOf, pushOf } from '../../support/record.ts';
import { startTestServer } from '../../support/test-server.ts';
import type { TestServer } from '../../support/test-server.ts';

let server: TestServer;
let token = '';
let project = '';
const instance = 'instance-of-ada';

beforeAll(async () => {
  server = await startTestServer({ intake: false });
  const made = await server.api('POST', '/workers/tokens', { name: 'ada', routers: ['test'] });
  ({ token } = (await made.json()) as { token: string });
  project = newId('prj');
  await server.deps.store.transaction((tx) =>
    tx.db
      .insertInto('project')
      .values({
        id: project,
        path: 'shop/web',
        clone_url: 'https://git.test/shop/web.git',
        host_repository: 'shop/web',
        default_branch: 'main',
        clone_token: null,
        created_at: 0,
      })
      .execute(),
  );
});
afterAll(() => server.close());

interface Sent {
  readonly method?: string;
  readonly bearer?: string;
  readonly lease?: string;
  /** The process that asks. */
  readonly from?: string;
  readonly body?: unknown;
}

async function send(
  path: string,
  { method = 'POST', bearer = token, lease, from = instance, body = {} }: Sent = {},
) {
  const bytes = body instanceof Uint8Array;
  const response = await fetch(`${server.url}/worker/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      'slipway-instance': from,
      ...(lease === undefined ? {} : { 'slipway-lease': lease }),
      ...(method === 'GET'
        ? {}
        : { 'content-type': bytes ? 'application/vnd.slipway.log-frames' : 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body: bytes ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const json = (await response.json()) as { error?: { code: string; details: object } };
  return { status: response.status, code: json.error?.code, details: json.error?.details, json };
}

const register = { protocol: 1, name: 'ada', instance, capacity: 1, routers: ['test'] };

/** A workflow of a new build under a lease, all over HTTP. */
async function claimed(event = pushOf('main'), projectId = project) {
  const registered = (await send('/workers', { body: register })).json as unknown as RegisterAnswer;
  const { buildId } = await server.deps.builds.createBuild({
    projectId,
    deliveryId: null,
    event,
    outcome: { kind: 'plan', plan: alone(planOf()), warnings: [] },
    blocked: null,
  });
  const { id } = await server.deps.store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  await server.deps.builds.place(id, registered.workerId);
  const body = { protocol: 1, instance, subject: { kind: 'workflow', id, attempt: 1 } };
  const { lease, work } = (await send('/claims', { body })).json as unknown as ClaimAnswer;
  return { lease, work: work as WorkflowWork, buildId };
}

const chunk = (logId: string, offset: number, text: string, end = false): LogChunk => ({
  logId,
  offset,
  end,
  bytes: Buffer.from(text),
  segments: text === '' ? [] : [{ length: text.length, timeMs: 1, stream: 'stdout' }],
});

describe('a worker', () => {
  it('is let in by its own token only', async () => {
    expect(await send('/workers', { bearer: 'slipway_worker_unknown', body: register })).toMatchObject({
      status: 401,
      code: 'worker_token_wrong',
    });
    expect((await send('/workers', { bearer: server.adminToken, body: register })).status).toBe(403);
    expect(await send('/workers', { body: { ...register, name: 'bob' } })).toMatchObject({
      status: 403,
      code: 'worker_name_wrong',
    });
    expect(await send('/workers', { body: { ...register, routers: ['test', 'production'] } })).toMatchObject({
      status: 403,
      code: 'router_refused',
      details: { worker: 'ada', router: 'production' },
    });
  });

  it('is told what is wrong with its request, and when it is too old', async () => {
    expect(await send('/workers', { body: { ...register, capacity: -1 } })).toMatchObject({
      status: 400,
      code: 'request_wrong',
      details: { field: 'capacity' },
    });
    for (const [protocol, older] of [
      [OLDEST_PROTOCOL - 1, 'worker'],
      [PROTOCOL_VERSION + 1, 'server'],
    ] as const)
      expect(await send('/workers', { body: { ...register, protocol } })).toMatchObject({
        status: 426,
        code: 'protocol_wrong',
        details: { version: protocol, older },
      });
    for (const protocol of [OLDEST_PROTOCOL, PROTOCOL_VERSION])
      expect((await send('/workers', { body: { ...register, protocol } })).status).toBe(200);
    await send('/workers', { body: register });
    const claim = { protocol: 1, instance, subject: { kind: 'workflow', id: 'wfl_none', attempt: 1 } };
    expect(await send('/claims', { body: claim })).toMatchObject({ status: 409, code: 'claim_refused' });
  });
});

describe('a lease', () => {
  it('goes from claim to end over HTTP, its log durable before the end of its step is believed', async () => {
    const { lease, work, buildId } = await claimed();
    const at = `/leases/${lease.id}`;
    const under = { lease: lease.token };
    expect((await send(`${at}/heartbeat`, under)).json).toMatchObject({ ttlMs: 15_000 });
    const attemptId = work.steps[0]?.attemptId ?? '';
    const reports = [
      { n: 1, atMs: 1, type: 'step.started', attemptId },
      {
        n: 2,
        atMs: 2,
        type: 'step.finished',
        attemptId,
        status: 'success',
        reason: null,
        exitCode: 0,
        logBytes: 6,
      },
    ];
    expect(await send(`${at}/reports`, { ...under, body: { reports } })).toMatchObject({
      status: 409,
      code: 'log_not_ended',
      details: { received: 0, expected: 6 },
    });
    const gap = encodeFrames([chunk(attemptId, 3, 'lo\n')]);
    expect(await send(`${at}/logs`, { ...under, body: gap })).toMatchObject({
      status: 409,
      code: 'log_offset_wrong',
      details: { expected: 0 },
    });
    const whole = encodeFrames([chunk(attemptId, 0, 'hel'), chunk(attemptId, 3, 'lo\n', true)]);
    expect((await send(`${at}/logs`, { ...under, body: whole })).json).toEqual({
      durable: { [attemptId]: 6 },
    });
    const end = { n: 3, atMs: 3, type: 'workflow.finished', status: 'failure', reason: 'x'.repeat(10_000) };
    const all = { ...under, body: { reports: [...reports, end] } };
    expect((await send(`${at}/reports`, all)).json).toEqual({ accepted: 3 });
    expect((await send(`${at}/reports`, all)).json).toEqual({ accepted: 3 });
    const build = await server.api('GET', `/builds/${buildId}`);
    expect(await build.json()).toMatchObject({ status: 'failure' });
    const over = { status: 410, code: 'lease_lost' };
    expect(await send(`${at}/heartbeat`, under)).toMatchObject(over);
    expect(await send(`${at}/source`, { ...under, body: { have: [] } })).toMatchObject(over);
  });

  it('writes to its own logs only', async () => {
    const { lease } = await claimed();
    const body = encodeFrames([chunk(newId('att'), 0, 'x')]);
    expect(await send(`/leases/${lease.id}/logs`, { lease: lease.token, body })).toMatchObject({
      status: 403,
      code: 'not_allowed',
    });
  });

  it('is nothing without its own token', async () => {
    const { lease } = await claimed();
    for (const path of ['heartbeat', 'reports', 'effects', 'logs', 'source'])
      expect(await send(`/leases/${lease.id}/${path}`, { lease: 'wrong' })).toMatchObject({
        status: 410,
        code: 'lease_lost',
      });
    for (const path of ['signals', 'secrets'])
      expect((await send(`/leases/${lease.id}/${path}`, { method: 'GET', lease: 'wrong' })).status).toBe(410);
  });

  it('does not make the server send anything to an address that the worker names', async () => {
    const { lease } = await claimed();
    const effect = { kind: 'webhook', url: 'http://169.254.169.254/', body: '{}' };
    const body = { key: 'k', effect };
    expect(await send(`/leases/${lease.id}/effects`, { lease: lease.token, body })).toMatchObject({
      status: 403,
      code: 'not_allowed',
    });
    expect(await server.deps.store.db.selectFrom('outbox').select('id').execute()).toEqual([]);
  });

  it('is given up by its holder, which leaves first', async () => {
    const { lease, buildId } = await claimed();
    expect(await send('/workers/leave')).toMatchObject({ status: 200, json: {} });
    const listed = (await (await server.api('GET', '/workers')).json()) as { items: object[] };
    expect(listed.items).toMatchObject([{ name: 'ada', connected: false }]);
    const path = `/leases/${lease.id}/give-up`;
    expect(await send(path, { lease: 'wrong' })).toMatchObject({ status: 410 });
    expect(await send(path, { lease: lease.token })).toMatchObject({ status: 200, json: {} });
    expect(await send(path, { lease: lease.token })).toMatchObject({ status: 410, code: 'lease_lost' });
    const build = await server.api('GET', `/builds/${buildId}`);
    expect(await build.json()).toMatchObject({ status: 'pending' });
    expect(await send('/workers/leave', { from: 'another-process' })).toMatchObject({
      status: 410,
      code: 'worker_superseded',
    });
  });

  it('hears of a cancel within the long poll', async () => {
    const { lease, buildId } = await claimed();
    const first = await send(`/leases/${lease.id}/signals`, { method: 'GET', lease: lease.token });
    const { version } = first.json as unknown as { version: number };
    const poll = send(`/leases/${lease.id}/signals?seen=${version}&waitMs=20000`, {
      method: 'GET',
      lease: lease.token,
    });
    const asked = performance.now();
    await server.api('POST', `/builds/${buildId}/cancel`);
    expect((await poll).json).toMatchObject({ signals: { cancel: {} } });
    expect(performance.now() - asked).toBeLessThan(1_000);
  });
});

describe('the source of a workflow', () => {
  let host: GitHost;
  beforeAll(async () => {
    host = await startGitHost();
  });
  afterAll(() => host.close());

  const ask = (lease: ClaimAnswer['lease'], have: unknown) =>
    fetch(`${server.url}/worker/v1/leases/${lease.id}/source`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'slipway-instance': instance,
        'slipway-lease': lease.token,
      },
      body: JSON.stringify({ have }),
    });

  it('is a bundle of its commit without what the worker has, whatever the Git host does meanwhile', async () => {
    const repository = host.create('shop/source');
    const made = await server.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    const { id } = (await made.json()) as { id: string };
    const first = repository.commit({ a: '1' });
    const commit = repository.commit({ a: '2' });
    const { lease } = await claimed({ ...pushOf('main'), commit }, id);
    const answer = await ask(lease, []);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-git-bundle']);
    expect(await answer.text()).toMatch(
      new RegExp(`^# v2 git bundle\n${commit} refs/slipway/commits/${commit}\n\nPACK`),
    );
    repository.forcePush('main', first);
    const asked = host.requests.length;
    expect(await (await ask(lease, [first, 'd'.repeat(40)])).text()).toContain(`-${first}\n${commit} `);
    expect(host.requests.length).toBe(asked);
  });

  it('is sent once at a time: who asks again ends what is still on its way', async () => {
    const repository = host.create('shop/again');
    repository.git('config', 'core.compression', '0');
    const made = await server.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    const { id } = (await made.json()) as { id: string };
    const commit = repository.commit({ heavy: randomBytes(12_000_000).toString('base64') });
    const { lease } = await claimed({ ...pushOf('main'), commit }, id);
    // Nothing of its body is read: most of it cannot be sent.
    const first = await ask(lease, []);
    const second = await ask(lease, [commit]);
    expect(await second.text()).toContain(`-${commit}\n`);
    await expect(first.arrayBuffer().then(({ byteLength }) => byteLength)).rejects.toThrow();
  });

  it('is a Problem where there is none', async () => {
    const repository = host.create('shop/none');
    const made = await server.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
    const { id } = (await made.json()) as { id: string };
    repository.commit({ a: '1' });
    const { lease } = await claimed({ ...pushOf('main'), commit: 'd'.repeat(40) }, id);
    const code = async (have: unknown) =>
      ((await (await ask(lease, have)).json()) as { error: { code: string } }).error.code;
    expect(await code([])).toBe('commit_missing');
    expect(await code(['--all'])).toBe('request_wrong');
  });
});

describe('a process that does not hold the name of its worker', () => {
  const from = 'another-process';
  const superseded = { status: 410, code: 'worker_superseded', details: { worker: 'ada' } };

  it('is refused while the one that holds it lives', async () => {
    await claimed();
    const second = { ...register, instance: from };
    expect(await send('/workers', { from, body: second })).toMatchObject({
      status: 409,
      code: 'worker_running',
    });
    expect(await send('/workers', { from, body: { ...second, again: true } })).toMatchObject(superseded);
  });

  it('is told so by every answer, whatever it asks', async () => {
    const { lease, work } = await claimed();
    const under = { from, lease: lease.token };
    const frames = encodeFrames([chunk(work.steps[0]?.attemptId ?? '', 0, 'x')]);
    const body = { protocol: 1, instance: from, subject: { kind: 'workflow', id: 'wfl_none', attempt: 1 } };
    const answers = [
      await send('/claims', { from, body }),
      await send(`/leases/${lease.id}/heartbeat`, under),
      await send(`/leases/${lease.id}/signals?seen=1&waitMs=20000`, { ...under, method: 'GET' }),
      await send(`/leases/${lease.id}/reports`, { ...under, body: { reports: [] } }),
      await send(`/leases/${lease.id}/logs`, { ...under, body: frames }),
      await send(`/leases/${lease.id}/secrets`, { ...under, method: 'GET' }),
      await send(`/leases/${lease.id}/effects`, under),
      await send(`/leases/${lease.id}/source`, { ...under, body: { have: [] } }),
      await send('/routers/test', { from, method: 'GET' }),
      await send('/routers/test/events', { from, body: { events: [] } }),
      await send('/routers/test/logs', { from, body: frames }),
    ];
    for (const answer of answers) expect(answer).toMatchObject(superseded);
    expect((await send(`/leases/${lease.id}/heartbeat`, { lease: lease.token })).status).toBe(200);
  });
});

describe('a router', () => {
  it('is read and written by the worker that has it', async () => {
    await send('/workers', { body: register });
    const nothing = { environments: [], removals: [], unusedImages: [] };
    expect((await send('/routers/test', { method: 'GET' })).json).toEqual(nothing);
    expect((await send('/routers/other', { method: 'GET' })).status).toBe(403);
    expect((await send('/routers/test/events', { body: { events: [] } })).json).toEqual({});
    const foreign = encodeFrames([chunk(`app_${newId('dep')}`, 0, 'x')]);
    expect((await send('/routers/test/logs', { body: foreign })).status).toBe(403);
  });
});
