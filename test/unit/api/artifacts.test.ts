import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createArtifacts } from '../../../src/artifacts/artifacts.ts';
import { openFileArtifacts } from '../../../src/artifacts/file-artifacts.ts';
import { ARTIFACT_LIMITS } from '../../../src/core/artifact.ts';
import { newId } from '../../../src/core/id.ts';
import { Problem } from '../../../src/core/problem.ts';
import { NO_TESTS, TEST_LIMITS } from '../../../src/core/test-report.ts';
import type { BuildTestsView } from '../../../src/core/views/tests-view.ts';
import type { BuildView } from '../../../src/core/views/build-view.ts';
import type { WorkflowWork } from '../../../src/core/work.ts';
import type { ArtifactFiles } from '../../../src/ports/artifact-files.ts';
import type { DiskRoom } from '../../../src/ports/disk-space.ts';
import { removeArtifacts } from '../../../src/retention/remove-artifacts.ts';
import { connectServer } from '../../../worker/server/connect-server.ts';
import type { Lease, ServerConnection } from '../../../worker/server/lease.ts';
import { alone, planOf, pushOf } from '../../support/record.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

/** What the test server takes of one. */
const MOST = 1024 ** 2;

let folder: string;
let server: TestServer;
let worker: ServerConnection;
let project: string;
/** Of the server's disk. */
let room: DiskRoom | null = null;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-artifacts-'));
  await mkdir(path.join(folder, 'server'));
  const directory = path.join(folder, 'server');
  server = await startTestServer({ intake: false, directory, readRoom: async () => room });
  const made = await server.api('POST', '/workers/tokens', { name: 'ada', routers: [] });
  const { token } = (await made.json()) as { token: string };
  const spoolDir = path.join(folder, 'spool');
  worker = await connectServer({ url: server.url, token, name: 'ada', capacity: 9, routers: [], spoolDir });
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
afterAll(async () => {
  await worker.close();
  await server.close();
  await rm(folder, { recursive: true });
});

async function claimed(): Promise<{ buildId: string; lease: Lease<WorkflowWork>; attemptId: string }> {
  const outcome = { kind: 'plan', plan: alone(planOf()), warnings: [] } as const;
  const build = { projectId: project, deliveryId: null, event: pushOf('main'), outcome, blocked: null };
  const { buildId } = await server.deps.builds.createBuild(build);
  const { id } = await server.deps.store.db
    .selectFrom('workflow')
    .select('id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  await server.deps.builds.place(id, worker.workerId);
  const claim = await worker.claim({ kind: 'workflow', id, attempt: 1 });
  if (!claim.granted) throw new Error(claim.reason);
  const lease = claim.lease as Lease<WorkflowWork>;
  return { buildId, lease, attemptId: lease.work.steps.find(({ kind }) => kind === 'step')?.attemptId ?? '' };
}

const never = new AbortController().signal;

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const packing =
  (bytes: Buffer, digest = digestOf(bytes)) =>
  async (file: string) => {
    await writeFile(file, bytes, { flag: 'wx' });
    return { files: 1, bytes: bytes.length, digest };
  };

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

const download = (
  id: string,
  headers: Record<string, string> = { authorization: `Bearer ${server.adminToken}` },
) => fetch(`${server.url}/api/v1/artifacts/${id}`, { headers });

const shown = async (buildId: string) =>
  ((await (await server.api('GET', `/builds/${buildId}`)).json()) as BuildView).artifacts ?? [];

describe('an artifact', () => {
  it('is on the build and downloaded as it was sent, by whoever may see the build', async () => {
    const { buildId, lease, attemptId } = await claimed();
    const bytes = randomBytes(MOST);
    await lease.sendArtifact({ attemptId, name: 'site.v1', keepMs: 3_600_000 }, packing(bytes), never);
    const [artifact] = await shown(buildId);
    expect(artifact).toMatchObject({
      name: 'site.v1',
      step: 'unit',
      files: 1,
      bytes: MOST,
      digest: digestOf(bytes),
    });
    expect(artifact?.expiresAtMs).toBeGreaterThan(Date.now());
    const answer = await download(artifact?.id ?? '');
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect(answer.headers.get('content-type')).toBe('application/gzip');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="site.v1.tar.gz"');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await download(artifact?.id ?? '', {})).status).toBe(401);
    for (const id of [newId('art'), 'art_1', '..%2f..%2fslipway.db'])
      expect((await download(id)).status).toBe(404);
    expect(await readdir(path.join(folder, 'spool', lease.id))).toEqual([]);
  });

  it('is one when it is sent twice, and no other one of its name is taken', async () => {
    const { buildId, lease, attemptId } = await claimed();
    const about = { attemptId, name: 'site', keepMs: null };
    const bytes = Buffer.from('the archive');
    await lease.sendArtifact(about, packing(bytes), never);
    await lease.sendArtifact(about, packing(bytes), never);
    expect(await codeOf(lease.sendArtifact(about, packing(Buffer.from('another')), never))).toBe(
      'request_wrong',
    );
    expect(await shown(buildId)).toHaveLength(1);
  });

  it('is refused when it is too large, is not what was told, or is of a step of somebody else', async () => {
    const { buildId, lease, attemptId } = await claimed();
    const other = await claimed();
    const send = (name: string, bytes: Buffer, digest?: string, of = attemptId) =>
      codeOf(lease.sendArtifact({ attemptId: of, name, keepMs: null }, packing(bytes, digest), never));
    expect(await send('large', Buffer.alloc(MOST + 1))).toBe('artifact_too_large');
    expect(await send('other', Buffer.from('a'), digestOf(Buffer.from('b')))).toBe('request_wrong');
    expect(await send('theirs', Buffer.from('a'), undefined, other.attemptId)).toBe('not_allowed');
    for (const name of ['../up', 'a/b', '.hidden', 'a"b', ''])
      expect(await send(name, Buffer.from('a'))).toBe('request_wrong');
    expect(await shown(buildId)).toEqual([]);
    for (let n = 0; n < ARTIFACT_LIMITS.perAttempt; n++) await send(`n${n}`, Buffer.from('a'));
    expect(await send('one-more', Buffer.from('a'))).toBe('request_wrong');
  });
});

describe('below the mark of the disk', () => {
  const free = (freeBytes: number) => ({ freeBytes, lowBytes: 2_000 });
  afterEach(() => void (room = null));

  it('an artifact is refused with what is free and what is to stay, and logs go on', async () => {
    const { buildId, lease, attemptId } = await claimed();
    room = free(2_999);
    const about = { attemptId, name: 'site', keepMs: null };
    const refused = lease.sendArtifact(about, packing(Buffer.alloc(1_000)), never);
    await expect(refused).rejects.toMatchObject({
      code: 'artifact_no_room',
      message:
        "The artifact site of 1000 bytes finds no room: 2999 bytes of the server's disk are free, and 2000 are to stay so.",
    });
    const log = lease.openLog(attemptId, []);
    await log.say('still written');
    await log.end();
    expect(await shown(buildId)).toEqual([]);
    expect(
      await server.deps.store.db
        .selectFrom('artifact')
        .select('id')
        .where('build_id', '=', buildId)
        .execute(),
    ).toEqual([]);
    room = free(3_000);
    await lease.sendArtifact(about, packing(Buffer.alloc(1_000)), never);
    room = free(0);
    // It is there already.
    await lease.sendArtifact(about, packing(Buffer.alloc(1_000)), never);
    expect(await shown(buildId)).toHaveLength(1);
  });

  it('nothing stays of one that was under way', async () => {
    const { buildId, lease, attemptId } = await claimed();
    const files = openFileArtifacts(path.join(folder, 'server', 'artifacts'));
    const { store, clock } = server.deps;
    const artifacts = createArtifacts({ store, clock, files, mostBytes: MOST, readRoom: async () => room });
    const bytes = Buffer.from('first second');
    const about = { attemptId, name: 'site', keepMs: null, files: 1 };
    room = free(2_012);
    const { id } = await artifacts.offer(lease.id, { ...about, bytes: 12, digest: digestOf(bytes) });
    const take = (offset: number, end: number) =>
      artifacts.take(lease.id, new Set([attemptId]), { id, offset, bytes: bytes.subarray(offset, end) });
    expect(await take(0, 6)).toMatchObject({ received: 6 });
    room = free(2_005);
    expect(await codeOf(take(6, 12))).toBe('artifact_no_room');
    expect(await files.received(id)).toBe(0);
    expect(await shown(buildId)).toEqual([]);
  });

  it('is asked while others write, and not for one that needs none', async () => {
    const { lease, attemptId } = await claimed();
    const files = openFileArtifacts(path.join(folder, 'room'));
    const { store, clock } = server.deps;
    const written: unknown[] = [];
    const readRoom = async () => {
      const writing = store.transaction(async () => 'written');
      written.push(await Promise.race([writing, sleep(5_000, 'held up')]));
      return room;
    };
    const artifacts = createArtifacts({ store, clock, files, mostBytes: MOST, readRoom });
    const bytes = Buffer.from('all of it');
    const about = { attemptId, name: 'site', keepMs: null, files: 1 };
    const offer = { ...about, bytes: bytes.length, digest: digestOf(bytes) };
    room = free(2_000 + bytes.length);
    const { id } = await artifacts.offer(lease.id, offer);
    expect(written).toEqual(['written']);
    // As a server leaves it that ended before it had recorded that all is there.
    await files.write(id, 0, bytes);
    room = free(0);
    expect(await artifacts.offer(lease.id, offer)).toEqual({ id, received: bytes.length, whole: false });
    expect(written).toHaveLength(1);
  });
});

describe('the files of artifacts', () => {
  it('go on where they were, and are whole or not there', async () => {
    const place = path.join(folder, 'files');
    const id = newId('art');
    const before = openFileArtifacts(place);
    await before.write(id, 0, Buffer.from('first '));
    expect(await before.open(id)).toBeNull();
    const files = openFileArtifacts(place);
    expect(await files.received(id)).toBe(6);
    await files.write(id, 6, Buffer.from('second'));
    const whole = { digest: digestOf(Buffer.from('first second')), bytes: 12 };
    expect(await files.finish(id)).toEqual(whole);
    expect(await files.finish(id)).toEqual(whole);
    expect((await files.open(id))?.bytes).toBe(12);
    await files.remove(id);
    await files.remove(id);
    expect(await files.open(id)).toBeNull();
    await expect(files.open('art_../../../etc/passwd')).rejects.toThrow('There is no artifact');
  });

  it('are removed when their time is over, their build is gone, or they never came whole', async () => {
    const { buildId, lease, attemptId } = await claimed();
    const files = openFileArtifacts(path.join(folder, 'server', 'artifacts'));
    const { store } = server.deps;
    const send = (name: string, keepMs: number | null) =>
      lease.sendArtifact({ attemptId, name, keepMs }, packing(Buffer.from(name)), never);
    await send('stays', null);
    await send('expires', 3_600_000);
    const stray = newId('art', Date.now() - 2 * 3_600_000);
    await files.write(stray, 0, Buffer.from('of a removed build'));
    const stuck: string[] = [];
    const onStuck = (id: string): number => stuck.push(id);
    const round = (nowMs: number, own: Pick<ArtifactFiles, 'list' | 'remove'> = files) =>
      removeArtifacts(store, own, { mostBytes: null, nowMs, pause: async () => true, onStuck });
    const refusing = { list: () => files.list(), remove: () => Promise.reject(new Error('EACCES')) };
    expect(await round(Date.now(), refusing)).toBe(0);
    expect(stuck).toEqual([stray]);
    expect(await round(Date.now())).toBe(1);
    expect((await shown(buildId)).map(({ name }) => name)).toEqual(['stays', 'expires']);
    await round(Date.now() + 5 * 3_600_000);
    const [stays] = await shown(buildId);
    expect((await shown(buildId)).map(({ name }) => name)).toEqual(['stays']);
    expect(await (await download(stays?.id ?? '')).text()).toBe('stays');
    const left: string[] = [];
    for await (const ids of files.list()) left.push(...ids);
    const rows = await store.db.selectFrom('artifact').select('id').where('whole', '=', 1).execute();
    expect(left.sort()).toEqual(rows.map(({ id }) => id).sort());
    expect(left).not.toContain(stray);
  });
});

it('is sent from where the server has it when a connection was cut', async () => {
  const { buildId, lease, attemptId } = await claimed();
  const bytes = randomBytes(500_000);
  const half = bytes.subarray(0, 250_000);
  const offer = {
    attemptId,
    name: 'half',
    files: 1,
    bytes: bytes.length,
    digest: digestOf(bytes),
    keepMs: null,
  };
  // The server got it in an earlier time, and the worker was never answered.
  const { id } = await server.deps.store.transaction(async (tx) =>
    tx.db
      .insertInto('artifact')
      .values({
        id: newId('art'),
        build_id: buildId,
        attempt_id: attemptId,
        name: 'half',
        files: 1,
        bytes: offer.bytes,
        digest: offer.digest,
        whole: 0,
        created_at: Date.now(),
        expires_at: null,
      })
      .returning('id')
      .executeTakeFirstOrThrow(),
  );
  const files = openFileArtifacts(path.join(folder, 'server', 'artifacts'));
  await files.write(id, 0, half);
  await lease.sendArtifact({ attemptId, name: 'half', keepMs: null }, packing(bytes), never);
  const file = await files.open(id);
  const pieces: Uint8Array[] = [];
  for await (const piece of file?.content ?? []) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

it('is whole when the server was killed between its file and its row', async () => {
  const { buildId, lease, attemptId } = await claimed();
  const content = packing(Buffer.from('all of it'));
  await lease.sendArtifact({ attemptId, name: 'all', keepMs: null }, content, never);
  await server.deps.store.transaction((tx) =>
    tx.db.updateTable('artifact').set({ whole: 0 }).where('build_id', '=', buildId).execute(),
  );
  expect(await shown(buildId)).toEqual([]);
  await lease.sendArtifact({ attemptId, name: 'all', keepMs: null }, content, never);
  expect((await shown(buildId)).map(({ name }) => name)).toEqual(['all']);
});

it('test reports of any length are sent in parts that the server takes', async () => {
  const { buildId, lease, attemptId } = await claimed();
  const message = '\u0001'.repeat(TEST_LIMITS.message);
  const results = Array.from({ length: 1_200 }, (_, n) => ({
    suite: 'cart',
    name: `test ${n}`,
    file: null,
    line: null,
    status: 'failed' as const,
    durationMs: null,
    message: n < 200 ? message : null,
  }));
  const counts = { ...NO_TESTS, failed: results.length };
  expect(await lease.tests(attemptId, { files: 1, counts, results, note: null }, never)).toBe(true);
  const answer = await server.api('GET', `/builds/${buildId}/tests?limit=200&before=1000`);
  const { items, next } = (await answer.json()) as BuildTestsView;
  expect([items.length, items.at(-1)?.name, next]).toEqual([200, 'test 1199', null]);
});
