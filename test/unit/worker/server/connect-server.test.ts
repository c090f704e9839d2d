import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TIMES } from '../../../../config/times.ts';
import { newId } from '../../../../src/core/id.ts';
import type { Problem } from '../../../../src/core/problem.ts';
import { NO_TESTS } from '../../../../src/core/test-report.ts';
import type { CancelledStep, ReportBody } from '../../../../src/core/work.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../../../src/protocol/worker.ts';
import { connectServer, type ConnectOptions } from '../../../../worker/server/connect-server.ts';
import { stopOf, type Lease, type ServerConnection } from '../../../../worker/server/lease.ts';
import { FakeServer, problem } from './fake-server.ts';

let server: FakeServer;
let folder: string;
let connections: ServerConnection[];

beforeEach(async () => {
  server = await FakeServer.start();
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-lease-'));
  connections = [];
});

afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function connect(change: Partial<ConnectOptions> = {}): Promise<ServerConnection> {
  const connection = await connectServer({
    url: server.url,
    token: 'worker-token',
    name: 'w1',
    capacity: 2,
    routers: [],
    spoolDir: path.join(folder, 'spool'),
    ...change,
  });
  connections.push(connection);
  return connection;
}

const never = new AbortController().signal;
const JOB = { kind: 'workflow', id: 'wfl_1', attempt: 1 } as const;

async function claim(change: Partial<ConnectOptions> = {}): Promise<Lease> {
  const answer = await (await connect(change)).claim(JOB);
  if (!answer.granted) throw new Error(answer.reason);
  return answer.lease;
}

const started = (n: number): ReportBody => ({ type: 'step.started', attemptId: `att_${n}` });

describe('a connected worker', () => {
  it('registers again and again until the server is there', async () => {
    server.script('/workers', 'cut', 502, problem('internal', { reference: 'x' }));
    const connection = await connect();
    expect(connection).toMatchObject({ workerId: 'wrk_1', queue: 'worker-wrk_1' });
    expect(server.asked('/workers')[0]?.headers.authorization).toBe('Bearer worker-token');
  });

  it('says which token or version is wrong', async () => {
    server.script('/workers', problem('worker_token_wrong'));
    await expect(connect()).rejects.toMatchObject({ code: 'worker_token_wrong' });
  });

  it('says while it is idle that it is there, as the same instance', async () => {
    server.heartbeatMs = 20;
    await connect();
    await expect.poll(() => server.asked('/workers').length).toBeGreaterThan(2);
    const instances = server
      .asked('/workers')
      .map(({ body }) => (JSON.parse(body.toString()) as { instance: string }).instance);
    expect(new Set(instances).size).toBe(1);
  });

  it.each([problem('worker_superseded', { worker: 'w1' }), problem('worker_token_wrong')])(
    'loses its leases when it is dismissed: $code',
    async (dismissal) => {
      server.heartbeatMs = 20;
      const connection = await connect();
      const answer = await connection.claim(JOB);
      server.script('/workers', dismissal);
      await expect.poll(() => stopOf(connection.dismissed)?.reason).toBe(dismissal.message);
      expect(answer.granted && stopOf(answer.lease.lost)?.kind).toBe('lost');
      const { again } = JSON.parse(server.asked('/workers').at(-1)?.body.toString() ?? '') as {
        again: boolean;
      };
      expect(again).toBe(true);
    },
  );

  it.each(['/claims', '/heartbeat', '/signals', '/reports', '/logs', '/routers/main'])(
    'is dismissed when the answer to %s is that another process took over',
    async (route) => {
      server.heartbeatMs = route === '/heartbeat' ? 20 : 5_000;
      const connection = await connect();
      const answer = await connection.claim(JOB);
      if (!answer.granted) throw new Error(answer.reason);
      const log = answer.lease.openLog(newId('att'), []);
      // Each time, as a server would: a heartbeat that takes longer than its distance to the next is not read.
      const refusals = Array.from({ length: 500 }, () => problem('worker_superseded', { worker: 'w1' }));
      server.script(route, ...refusals);
      if (route === '/claims') await expect(connection.claim(JOB)).rejects.toThrow('taken over');
      if (route === '/reports') await expect(answer.lease.report(started(1))).rejects.toThrow('taken over');
      if (route === '/logs') await log.say('late');
      if (route === '/routers/main') await expect(connection.router('main').record()).rejects.toThrow();
      if (route === '/signals') server.signal({});
      await expect.poll(() => stopOf(connection.dismissed)?.reason).toContain('has taken over as worker w1');
      expect(stopOf(answer.lease.lost)?.kind).toBe('lost');
    },
  );

  it('says with each sign of life why it is to be given no new workflow, as of then', async () => {
    server.heartbeatMs = 20;
    let lowDisk: string | null = 'its disk is full';
    await connect({ lowDisk: () => lowDisk });
    const said = () =>
      server
        .asked('/workers')
        .map(({ body }) => (JSON.parse(body.toString()) as { lowDisk?: string }).lowDisk);
    await expect.poll(() => said().length).toBeGreaterThan(1);
    expect(new Set(said())).toEqual(new Set(['its disk is full']));
    lowDisk = null;
    await expect.poll(() => said().at(-1)).toBeUndefined();
  });

  it('says with every request which process it is', async () => {
    const connection = await connect({ process: { instance: 'this-process', after: null } });
    await connection.claim(JOB);
    await expect.poll(() => server.asked('/leases').length).toBeGreaterThan(0);
    const said = server.requests.map(({ headers }) => headers['slipway-instance']);
    expect(new Set(said)).toEqual(new Set(['this-process']));
  });

  it('names the dead process that it follows once, when it comes', async () => {
    server.heartbeatMs = 20;
    await connect({ process: { instance: 'this-process', after: 'the-dead-one' } });
    await expect.poll(() => server.asked('/workers').length).toBeGreaterThan(1);
    const [first, next] = server.asked('/workers').map(({ body }) => JSON.parse(body.toString()) as object);
    expect(first).toMatchObject({ instance: 'this-process', after: 'the-dead-one' });
    expect(next).not.toHaveProperty('after');
  });

  it('knows whether it holds its name only from an answer', async () => {
    const connection = await connect();
    expect(await connection.holdsName()).toBe(true);
    server.script('/workers', 'cut');
    expect(await connection.holdsName()).toBe(false);
    server.script('/workers', problem('worker_superseded', { worker: 'w1' }));
    expect(await connection.holdsName()).toBe(false);
    expect(stopOf(connection.dismissed)?.kind).toBe('lost');
    expect(await connection.holdsName()).toBe(false);
  });

  it('empties the spool that an earlier process left', async () => {
    await connect();
    await writeFile(path.join(folder, 'spool', 'att_x.0'), 'old');
    await connect();
    expect(await readdir(path.join(folder, 'spool'))).toEqual([]);
  });

  it('takes a refused claim as an answer', async () => {
    server.script('/claims', problem('claim_refused', { subject: 'wfl_1', cause: 'it has ended' }));
    expect(await (await connect()).claim(JOB)).toEqual({
      granted: false,
      reason: 'wfl_1 cannot be claimed: it has ended.',
    });
  });

  it('runs what it was granted once, however often the queue brings its job', async () => {
    const connection = await connect();
    const answers = await Promise.all([connection.claim(JOB), connection.claim(JOB)]);
    expect(answers.filter(({ granted }) => granted)).toHaveLength(1);
    expect((await connection.claim(JOB)).granted).toBe(false);
  });

  it('stops trying to claim when it is told to', async () => {
    server.script('/claims', ...Array<number>(50).fill(503));
    const connection = await connect();
    await expect(connection.claim(JOB, AbortSignal.timeout(100))).rejects.toThrow('timeout');
  });
});

describe('a server that is one version of the protocol behind', () => {
  const refusal = (older: string) =>
    problem('protocol_wrong', { version: PROTOCOL_VERSION, supported: '1', older });

  it('is spoken to in its own version, with nothing that came later', async () => {
    server.heartbeatMs = 20;
    server.script('/workers', refusal('server'));
    const connection = await connect({
      ...{ labels: { gpu: 'yes' }, program: '9.9.9' },
      lowDisk: () => 'its disk is full',
    });
    await expect.poll(() => server.asked('/workers').length).toBeGreaterThan(2);
    const said = () => server.asked('/workers').map(({ body }) => JSON.parse(body.toString()) as object);
    expect(said().slice(0, 2)).toMatchObject([
      { protocol: PROTOCOL_VERSION, labels: { gpu: 'yes' }, program: '9.9.9' },
      { protocol: OLDEST_PROTOCOL },
    ]);
    expect(Object.keys(said()[2] ?? {}).sort()).toEqual(
      ['again', 'capacity', 'instance', 'name', 'protocol', 'routers'].sort(),
    );
    expect(Object.keys(said()[1] ?? {}).sort()).toEqual(
      ['capacity', 'instance', 'name', 'protocol', 'routers'].sort(),
    );
    const answer = await connection.claim(JOB);
    if (!answer.granted) throw new Error(answer.reason);
    expect(JSON.parse(server.asked('/claims')[0]?.body.toString() ?? '')).toMatchObject({
      protocol: OLDEST_PROTOCOL,
    });
    await connection.close();
    await answer.lease.release();
    expect(server.asked('/workers/leave')).toEqual([]);
    expect(server.asked('/leases/lea_1/give-up')).toEqual([]);
  });

  it('is no excuse for one that is further behind: it says which to upgrade', async () => {
    server.script('/workers', refusal('server'), refusal('server'));
    const refused = await connect().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'protocol_wrong', details: { version: PROTOCOL_VERSION } });
    expect((refused as Problem).fix).toContain('Upgrade the server');
    expect(server.asked('/workers')).toHaveLength(2);
  });
});

describe('a worker that ends', () => {
  const paths = () => server.requests.map(({ path: asked }) => asked);
  const ending = ['/workers/leave', '/leases/lea_1/give-up'];

  it('leaves at once, and gives a lease back when its work has been released', async () => {
    const connection = await connect();
    const answer = await connection.claim(JOB);
    if (!answer.granted) throw new Error(answer.reason);
    await connection.close();
    expect(stopOf(answer.lease.lost)?.reason).toBe('the worker ends');
    expect(paths().filter((one) => ending.includes(one))).toEqual(['/workers/leave']);
    await answer.lease.release();
    expect(paths().filter((one) => ending.includes(one))).toEqual(ending);
    expect(server.asked('/leases/lea_1/give-up')[0]?.headers['slipway-lease']).toBe('lease-token');
  });

  it('gives nothing back that has ended, that the server took, or that it is dismissed from', async () => {
    const ended = await connect();
    const one = await ended.claim(JOB);
    if (!one.granted) throw new Error(one.reason);
    await one.lease.report({ type: 'workflow.finished', status: 'success', reason: null });
    await ended.close();
    await one.lease.release();
    server.heartbeatMs = 20;
    const dismissed = await connect();
    const two = await dismissed.claim(JOB);
    if (!two.granted) throw new Error(two.reason);
    server.script('/workers', problem('worker_superseded', { worker: 'w1' }));
    await expect.poll(() => dismissed.dismissed.aborted).toBe(true);
    await dismissed.close();
    await two.lease.release();
    expect(server.asked('/leases/lea_1/give-up')).toEqual([]);
  });

  it('does not wait for long for a server that is away', async () => {
    const connection = await connect();
    const answer = await connection.claim(JOB);
    if (!answer.granted) throw new Error(answer.reason);
    server.script('/workers/leave', 'silence');
    server.script('/give-up', 'silence', 'silence');
    const asked = performance.now();
    await connection.close();
    await answer.lease.release();
    expect(performance.now() - asked).toBeLessThan(6_000);
  }, 10_000);
});

describe('a name that another process holds', () => {
  const running = problem('worker_running', { worker: 'w1', seconds: 15 });
  const times = TIMES as { lease: number; heartbeat: number };
  const real = { ...times };
  beforeEach(() => Object.assign(times, { lease: 200, heartbeat: 50 }));
  afterEach(() => Object.assign(times, real));

  it('is waited for, and what that one has spooled is left alone meanwhile', async () => {
    // Three refusals take longer than a short lease where the machine is busy.
    Object.assign(times, { lease: 20_000 });
    const spoolDir = path.join(folder, 'spool');
    await mkdir(spoolDir);
    await writeFile(path.join(spoolDir, 'att_x.0'), 'of the other process');
    const waited: string[] = [];
    server.script('/workers', running, running, running);
    await connect({ onWait: ({ code }) => void waited.push(`${code}: ${readdirSync(spoolDir).join()}`) });
    expect(waited).toEqual(['worker_running: att_x.0']);
    expect(await readdir(spoolDir)).toEqual([]);
  });

  it('is given up when that one lives on', async () => {
    const spoolDir = path.join(folder, 'spool');
    await mkdir(spoolDir);
    await writeFile(path.join(spoolDir, 'att_x.0'), 'of the other process');
    server.script('/workers', ...Array.from({ length: 1_000 }, () => running));
    await expect(connect()).rejects.toMatchObject({ code: 'worker_running' });
    expect(await readdir(spoolDir)).toEqual(['att_x.0']);
  });
});

describe('a lease', () => {
  it('tells the values that it was given to who masks the log of the process', async () => {
    const told: (readonly string[])[] = [];
    const lease = await claim({ onSecrets: (values) => told.push(values) });
    await lease.secrets();
    expect(told).toEqual([expect.arrayContaining(['hunter2'])]);
  });

  it('masks in its sentences the secrets that it asked for', async () => {
    const lease = await claim();
    await lease.secrets();
    await lease.report({
      ...started(1),
      type: 'deployment.phase',
      phase: 'pulling',
      detail: 'pull: hunter2',
    });
    await lease.report({
      type: 'workflow.finished',
      status: 'error',
      reason: 'login hunter2 was refused',
    });
    expect(server.reports).toMatchObject([
      { detail: 'pull: ********' },
      { reason: 'login ******** was refused' },
    ]);
  });

  it('reports in order and once, however the answers get lost', async () => {
    server.script('/reports', 'cut', 502, 'cut');
    const lease = await claim();
    await Promise.all([1, 2, 3, 4, 5].map((n) => lease.report(started(n))));
    expect(server.reports.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    expect(server.reports).toMatchObject([1, 2, 3, 4, 5].map(started));
    expect(server.asked('/leases/lea_1/reports')[0]?.headers['slipway-lease']).toBe('lease-token');
  });

  it.each([
    ['ahead of', 3_600_000],
    ['behind', -3_600_000],
  ])(
    "dates reports in the server's time, at their true distance, where that is %s its own",
    async (_, by) => {
      server.nowMs = Date.now() + by;
      const lease = await claim();
      await lease.report(started(1));
      const before = vi.spyOn(Date, 'now').mockReturnValue(0);
      await setTimeout(300);
      await lease.report(started(2));
      before.mockRestore();
      const [first = 0, second = 0] = server.reports.map(({ atMs }) => atMs);
      expect(first - server.nowMs).toBeGreaterThanOrEqual(0);
      expect(first - server.nowMs).toBeLessThan(10_000);
      expect(second - first).toBeGreaterThanOrEqual(299);
      expect(second - first).toBeLessThan(10_000);
    },
  );

  it('dates them in its own time where an older server does not tell', async () => {
    const lease = await claim();
    await lease.report(started(1));
    expect(Math.abs((server.reports[0]?.atMs ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it('waits with the end of a step for the end of its log', async () => {
    const lease = await claim();
    const attemptId = newId('att');
    const log = lease.openLog(attemptId, ['hunter2']);
    await log.say('the token is hunter2');
    server.script('/logs', 'cut', problem('disk_full', { path: '/logs' }), 503);
    const logBytes = await log.end();
    await lease.report({
      type: 'step.finished',
      attemptId,
      status: 'success',
      reason: null,
      exitCode: 0,
      logBytes,
    });
    expect(server.ended.has(attemptId)).toBe(true);
    expect(server.logs.get(attemptId)?.toString()).toBe('the token is ********\n');
  });

  it('waits with the end of the work for all of its output', async () => {
    const lease = await claim();
    const service = newId('att');
    await lease.openLog(service, []).say('never ended');
    await lease.report({ type: 'workflow.finished', status: 'success', reason: null });
    expect(server.logs.get(service)?.toString()).toBe('never ended\n');
    await lease.release();
    expect(lease.lost.aborted).toBe(false);
  });

  it('is over with the end of its work, and takes nothing that is told behind it', async () => {
    const lease = await claim();
    const told = [
      lease.report(started(1)),
      lease.report({ type: 'workflow.finished', status: 'success', reason: null }),
      lease.report(started(2)),
    ];
    const ends = await Promise.allSettled(told);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(server.reports.map(({ type }) => type)).toEqual(['step.started', 'workflow.finished']);
    expect(lease.holds()).toBe(false);
    expect(stopOf(lease.lost)).toBeNull();
  });

  it('sends a report of an end again while the server has not seen the end of the log', async () => {
    server.script('/reports', problem('log_not_ended', { attempt: 'a', received: 0, expected: 1 }));
    const lease = await claim();
    await lease.report(started(1));
    expect(server.reports.length).toBe(1);
  });

  it('rejects a refused report, and gives its number to the next one', async () => {
    server.script('/reports', problem('switch_refused', { deployment: 'dep_1', cause: 'superseded' }));
    const lease = await claim();
    const refused = lease.report({ type: 'deployment.phase', phase: 'switching', detail: null });
    const next = lease.report(started(2));
    await expect(refused).rejects.toMatchObject({ code: 'switch_refused' });
    await next;
    expect(server.reports).toMatchObject([{ n: 1, type: 'step.started' }]);
    expect(lease.signal.aborted).toBe(false);
  });

  it('aborts the work when it is cancelled, and still reports and ships', async () => {
    const lease = await claim();
    server.signal({ cancel: { reason: 'cancelled by ada' } });
    await expect.poll(() => stopOf(lease.signal)).toEqual({ kind: 'cancelled', reason: 'cancelled by ada' });
    expect(lease.lost.aborted).toBe(false);
    await lease.report(started(1));
    expect(server.reports.length).toBe(1);
  });

  it('hears of a cancel by its heartbeat when the long poll hangs', async () => {
    server.script('/signals', 'silence');
    server.heartbeatMs = 30;
    const lease = await claim();
    server.signal({ cancel: { reason: 'superseded' } }, true);
    await expect.poll(() => stopOf(lease.signal)?.reason).toBe('superseded');
  });

  it('tells once of a step that is to end alone, by its heartbeat too, and whoever listens later', async () => {
    server.script('/signals', 'silence');
    server.heartbeatMs = 30;
    const lease = await claim();
    const [slow, other] = [
      { stepId: 'stp_1', reason: 'cancelled by ada' },
      { stepId: 'stp_2', reason: 'cancelled by bob' },
    ];
    const heard: CancelledStep[] = [];
    lease.onCancelStep((step) => heard.push(step));
    server.signal({ cancelSteps: [slow] }, true);
    await expect.poll(() => heard).toEqual([slow]);
    server.signal({ cancelSteps: [slow, other] });
    await expect.poll(() => heard).toEqual([slow, other]);
    const late: CancelledStep[] = [];
    lease.onCancelStep((step) => late.push(step));
    expect(late).toEqual([slow, other]);
    expect(lease.signal.aborted).toBe(false);
  });

  it('hands on a verdict to who waits for it', async () => {
    const lease = await claim();
    const waiting = lease.whenSignals(({ verdict }) => verdict !== 'wait');
    server.signal({ verdict: 'switch' });
    expect((await waiting).verdict).toBe('switch');
    expect(lease.signals().verdict).toBe('switch');
  });

  it.each(['/heartbeat', '/reports', '/logs', '/effects', '/secrets', '/source', '/signals'])(
    'is lost when the server says so to %s: everything pending and later rejects',
    async (route) => {
      server.heartbeatMs = route === '/heartbeat' ? 20 : 5_000;
      const gone = Array.from({ length: 500 }, () =>
        problem('lease_lost', { lease: 'lea_1', cause: 'its time ran out' }),
      );
      const lease = await claim();
      const waiting = lease.whenSignals(() => false);
      waiting.catch(() => undefined);
      const log = lease.openLog(newId('att'), []);
      server.script(route, ...gone);
      if (route === '/reports') await expect(lease.report(started(1))).rejects.toThrow('The lease is lost');
      if (route === '/logs') await log.say('late');
      if (route === '/effects')
        await expect(lease.effect('k', { kind: 'webhook', url: 'http://x.test/', body: '' })).rejects.toThrow(
          'lost',
        );
      if (route === '/secrets') await expect(lease.secrets()).rejects.toThrow('lost');
      if (route === '/source')
        await expect(lease.source([], new AbortController().signal)).rejects.toThrow('lost');
      if (route === '/signals') server.signal({});
      await expect.poll(() => stopOf(lease.signal)?.kind).toBe('lost');
      expect(stopOf(lease.lost)?.reason).toContain('its time ran out');
      expect(lease.holds()).toBe(false);
      await expect(waiting).rejects.toThrow('The lease is lost');
      await expect(lease.report(started(2))).rejects.toThrow('The lease is lost');
      await expect(lease.confirm()).rejects.toThrow('The lease is lost');
      await log.write('stdout', Buffer.from('swallowed'));
      await log.end();
      await lease.release();
    },
  );

  it('does not hold any more once its time ran out without an answer, and confirms with the next one', async () => {
    server.ttlMs = 150;
    server.heartbeatMs = 40;
    const lease = await claim();
    expect(lease.holds()).toBe(true);
    server.script('/heartbeat', ...Array<'silence'>(8).fill('silence'));
    await expect.poll(() => lease.holds()).toBe(false);
    expect(lease.signal.aborted).toBe(false);
    await lease.confirm();
    expect(lease.holds()).toBe(true);
  });

  it('is lost when the server has not answered for too long', async () => {
    server.ttlMs = 100;
    server.heartbeatMs = 20;
    const lease = await claim({ serverAwayMs: 300 });
    await server.stop();
    await expect.poll(() => stopOf(lease.signal)?.kind, { timeout: 5_000 }).toBe('lost');
    expect(stopOf(lease.signal)?.reason).toContain('has not answered');
  });

  it('asks for an effect until it is done or has failed for good', async () => {
    server.effects = [
      { state: 'pending' },
      'cut',
      { state: 'pending' },
      { state: 'failed', reason: 'HTTP 404' },
    ];
    const lease = await claim();
    const effect = { kind: 'webhook', url: 'http://x.test/', body: 'b' } as const;
    expect(await lease.effect('key', effect)).toEqual({ state: 'failed', reason: 'HTTP 404' });
    expect(JSON.parse(server.asked('/leases/lea_1/effects')[0]?.body.toString() ?? '')).toEqual({
      key: 'key',
      effect,
    });
  });

  it('is lost when the server misses bytes that it had acknowledged', async () => {
    const lease = await claim();
    const attempt = newId('att');
    const log = lease.openLog(attempt, []);
    await log.say('first');
    await expect.poll(() => server.logs.get(attempt)?.length).toBe(6);
    server.logs.set(attempt, Buffer.from('fir'));
    await log.say('second');
    await expect.poll(() => stopOf(lease.lost)?.reason).toContain('goes on at 3, not at 6');
  });

  it('leaves no loop behind once it is released', async () => {
    server.heartbeatMs = 10;
    const lease = await claim();
    await lease.release();
    const before = server.asked('/leases').length;
    await setTimeout(60);
    expect(server.asked('/leases').length).toBeLessThanOrEqual(before + 1);
    expect(lease.lost.aborted).toBe(false);
  });
});

describe('the link to a router', () => {
  it('learns from the server where an app log goes on', async () => {
    const connection = await connect();
    server.script(
      '/routers/main/logs',
      problem('log_offset_wrong', { log: 'app_dep_x', expected: 42, offset: 1 }),
    );
    expect(await connection.router('main').logBytes(`app_${newId('dep')}`)).toBe(42);
  });
});

it('tells from each other what an older server does not know and what it refuses', async () => {
  const lease = await claim();
  const report = { files: 0, counts: NO_TESTS, results: [], note: null };
  server.script('/tests', problem('not_found', { what: 'path', id: '/worker/v1/leases/x/tests' }));
  expect(await lease.tests('att_1', report, never)).toBe(false);
  server.script('/tests', problem('not_allowed'));
  await expect(lease.tests('att_1', report, never)).rejects.toThrow();
  const about = { attemptId: 'att_1', name: 'site', keepMs: null };
  const pack = async (file: string) => {
    await writeFile(file, 'packed');
    return { files: 1, bytes: 6, digest: 'sha256:0' };
  };
  server.script('/artifacts', problem('not_found', { what: 'path', id: '/worker/v1/leases/x/artifacts' }));
  await expect(lease.sendArtifact(about, pack, never)).rejects.toThrow(
    'the server is older than this worker and keeps none',
  );
  server.script('/artifacts', { id: 'art_1', received: 0, whole: false });
  server.script('/artifacts/art_1', problem('not_found', { what: 'artifact', id: 'art_1' }));
  await expect(lease.sendArtifact(about, pack, never)).rejects.toThrow('There is no artifact art_1');
});

it('takes a refusal of a newer server for final, in its words, and what passes for passing', async () => {
  const lease = await claim();
  const about = { attemptId: 'att_1', name: 'site', keepMs: null };
  const pack = async (file: string) => {
    await writeFile(file, 'packed');
    return { files: 1, bytes: 6, digest: 'sha256:0' };
  };
  const refused = (http: number) => {
    const said = {
      code: 'new_here',
      message: 'The moon is full.',
      fix: 'Wait for the next one.',
      details: {},
    };
    return { http, body: { error: said } };
  };
  server.script('/artifacts', refused(507));
  const sent = lease.sendArtifact(about, pack, AbortSignal.timeout(20_000));
  await expect(sent).rejects.toMatchObject({
    code: 'refusal_unknown',
    message: 'The server refuses it with new_here: The moon is full.',
    fix: 'Wait for the next one. This worker is older than its server and does not know that error: upgrade it too.',
  });
  expect(server.asked('/leases/lea_1/artifacts')).toHaveLength(1);
  server.script('/artifacts', refused(429), refused(503), refused(422));
  await expect(lease.sendArtifact(about, pack, never)).rejects.toThrow('new_here');
  expect(server.asked('/leases/lea_1/artifacts')).toHaveLength(4);
});

it('sends an artifact and test reports no longer than their signal lets it', async () => {
  const lease = await claim();
  const report = { files: 0, counts: NO_TESTS, results: [], note: null };
  server.script('/tests', 'silence');
  await expect(lease.tests('att_1', report, AbortSignal.timeout(50))).rejects.toThrow('timeout');
  const about = { attemptId: 'att_1', name: 'site', keepMs: null };
  const pack = async (file: string) => {
    await writeFile(file, 'packed');
    return { files: 1, bytes: 6, digest: 'sha256:0' };
  };
  server.script('/artifacts', 'silence');
  await expect(lease.sendArtifact(about, pack, AbortSignal.timeout(50))).rejects.toThrow('timeout');
  server.script('/artifacts', { id: 'art_1', received: 0, whole: false });
  server.script('/artifacts/art_1', 'cut', 502, 'silence');
  await expect(lease.sendArtifact(about, pack, AbortSignal.timeout(500))).rejects.toThrow('timeout');
  expect(await readdir(path.join(folder, 'spool', lease.id))).toEqual([]);
});
