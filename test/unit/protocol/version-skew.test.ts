import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/id.ts';
import type { WorkerView } from '../../../src/core/views/worker-view.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import { OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../../src/protocol/worker.ts';
import { connectServer } from '../../../worker/server/connect-server.ts';
import type { Lease, ServerConnection } from '../../../worker/server/lease.ts';
import { alone, planOf, pushOf } from '../../support/record.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

let server: TestServer;
let folder: string;
let project = '';
let connection: ServerConnection | null = null;

beforeAll(async () => {
  server = await startTestServer({ intake: false });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-skew-'));
  project = newId('prj');
  const row = { path: 'shop/web', clone_url: 'https://git.test/a.git', host_repository: 'shop/web' };
  await server.deps.store.transaction((tx) =>
    tx.db
      .insertInto('project')
      .values({ id: project, ...row, default_branch: 'main', clone_token: null, created_at: 0 })
      .execute(),
  );
});
afterEach(() => connection?.close());
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** A worker's process that knows the protocol up to this version, at the real server. */
async function connect(protocol: number): Promise<ServerConnection> {
  const name = `speaks-${protocol}`;
  const labels = { os: 'linux' };
  const made = await server.api('POST', '/workers/tokens', { name, labels });
  const { token } = (await made.json()) as { token: string };
  const spoolDir = path.join(folder, name);
  const program = '1.2.3';
  const common = { url: server.url, token, name, capacity: 1, routers: [], spoolDir };
  return (connection = await connectServer({ ...common, labels: {}, program, protocol }));
}

async function claimOn(worker: ServerConnection) {
  const { builds, store } = server.deps;
  const outcome = { kind: 'plan', plan: alone(planOf({ steps: [] })), warnings: [] } as const;
  const build = { projectId: project, deliveryId: null, event: pushOf('main'), outcome, blocked: null };
  const { buildId } = await builds.createBuild(build);
  const { id } = await store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  await builds.place(id, worker.workerId);
  const answer = await worker.claim({ kind: 'workflow', id, attempt: 1 });
  if (!answer.granted) throw new Error(answer.reason);
  return { buildId, lease: answer.lease as Lease<WorkflowWork> };
}

const statusOf = async (buildId: string): Promise<string> =>
  ((await (await server.api('GET', `/builds/${buildId}`)).json()) as { status: string }).status;

const viewOf = async (name: string): Promise<WorkerView | undefined> =>
  ((await (await server.api('GET', '/workers')).json()) as { items: WorkerView[] }).items.find(
    (one) => one.name === name,
  );

describe.each([OLDEST_PROTOCOL, PROTOCOL_VERSION])('a worker that speaks version %i', (protocol) => {
  it('takes a build to its end', async () => {
    const worker = await connect(protocol);
    const { buildId, lease } = await claimOn(worker);
    const [step] = lease.work.steps;
    const attemptId = step?.attemptId ?? '';
    await lease.report({ type: 'step.started', attemptId });
    const log = lease.openLog(attemptId, []);
    await log.say('hello');
    const logBytes = await log.end();
    const end = { status: 'failure', reason: null } as const;
    await lease.report({ type: 'step.finished', attemptId, ...end, exitCode: 1, logBytes });
    await lease.report({ type: 'workflow.finished', ...end });
    await lease.release();
    expect(await statusOf(buildId)).toBe('failure');
    expect(await viewOf(`speaks-${protocol}`)).toMatchObject({
      protocol,
      // Before version 2 a process said nothing of these: it has all labels of its token.
      ...(protocol === 1 ? { labels: { os: 'linux' }, program: null } : { labels: {}, program: '1.2.3' }),
    });
  });

  it(`${protocol === 1 ? 'lets its lease run out' : 'gives its lease back'} when it ends`, async () => {
    const worker = await connect(protocol);
    const { buildId, lease } = await claimOn(worker);
    await worker.close();
    await lease.release();
    expect(await statusOf(buildId)).toBe(protocol === 1 ? 'running' : 'pending');
    expect(await viewOf(`speaks-${protocol}`)).toMatchObject({ connected: protocol === 1 });
  });
});

it.each([
  [OLDEST_PROTOCOL - 1, 'worker'],
  [PROTOCOL_VERSION + 2, 'server'],
])('a worker that speaks version %i is refused, and the %s named as the older', async (protocol, older) => {
  const refused = connect(protocol);
  await expect(refused).rejects.toMatchObject({
    code: 'protocol_wrong',
    details: { version: protocol, older },
  });
  await expect(refused).rejects.toMatchObject({
    fix: expect.stringContaining(`Upgrade the ${older}`) as unknown,
  });
});

it('a worker one version ahead is understood, since it speaks the version before its own as well', async () => {
  const worker = await connect(PROTOCOL_VERSION + 1);
  expect(worker.workerId).toMatch(/^wrk_/);
  expect(await viewOf(`speaks-${PROTOCOL_VERSION + 1}`)).toMatchObject({ protocol: PROTOCOL_VERSION });
});
