import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LIMITS } from '../../config/times.ts';
import { newId } from '../../src/core/id.ts';
import { openFileLogStore, type FileLogStore } from '../../src/logs/file-log-store.ts';
import { insertAudit } from '../../src/store/insert-audit.ts';
import { readAudit } from '../../src/store/read/audit.ts';
import { readBuild, readBuilds } from '../../src/store/read/builds.ts';
import { createRetention, type RetentionDeps } from '../../src/retention/retention.ts';
import {
  deployOf,
  IMAGE_REPORTS,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
} from '../support/record.ts';
import type { TestRecord, TestWorker } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

const DAY = 24 * 3_600_000;
const CONTEXT = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };

let folder: string;
let logs: FileLogStore;
let record: TestRecord;
let ada: TestWorker;
let project: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-retention-'));
  logs = openFileLogStore(folder);
});
afterEach(async () => {
  await record.close();
  await logs.close();
  await rm(folder, { recursive: true });
});

async function begin(target: string): Promise<void> {
  record = await makeRecord(target);
  // Ids, and with them the folders of logs, are of the real time; so is the clock here.
  record.clock.now = Date.now();
  ada = await record.worker('ada', { capacity: 100 });
  project = await record.project();
}

const retention = (limits: Partial<RetentionDeps['limits']>, changes: Partial<RetentionDeps> = {}) =>
  createRetention({
    store: record.store,
    logs,
    clock: record.clock,
    limits: {
      buildsMs: null,
      buildsPerProject: null,
      logBytes: null,
      artifactBytes: null,
      auditMs: null,
      ...limits,
    },
    log: pino({ level: 'silent' }),
    pauseMs: 0,
    ...changes,
  });

/** A build that has ended, with a log of so many bytes in its first step; returns its id. */
async function ended(status: 'success' | 'failure' = 'success', bytes = 1_000): Promise<string> {
  const { buildId } = await record.build(project, {
    plan: { ...planOf(), image: null, push: null },
  });
  const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
  const logId = lease.work.steps[0]?.attemptId ?? '';
  await write(logId, bytes);
  for (const step of lease.work.steps) record.logs.set(step.attemptId, { bytes: 0, sealed: true });
  await runWorkflow(lease, status);
  await effectsDone();
  record.clock.now += 1_000;
  return buildId;
}

async function write(logId: string, bytes: number): Promise<void> {
  const segments = [{ length: bytes, timeMs: 0, stream: 'stdout' as const }];
  await logs.append([{ logId, offset: 0, segments, bytes: Buffer.alloc(bytes, 'x'), end: true }]);
}

/** As the outbox leaves them. */
async function effectsDone(): Promise<void> {
  await record.store.transaction((tx) => tx.db.updateTable('outbox').set({ state: 'done' }).execute());
}

async function deployed(name: number): Promise<string> {
  const { buildId } = await record.build(project, { plan: planOf({ deploys: [deployOf('production')] }) });
  const lease = await ada.claimWorkflow(await record.workflowOf(buildId));
  const [image] = IMAGE_REPORTS;
  if (image !== undefined) await lease.report(image);
  const repository = 'registry.test:5000/shop/web';
  const digest = `sha256:${String(name).padStart(64, '0')}`;
  await lease.report({ type: 'image.pushed', image: { repository, digest, bytesPushed: 1, bytesReused: 0 } });
  await lease.report({ type: 'workflow.finished', status: 'success', reason: null });
  const id = await record.deploymentOf(buildId);
  const deployment = await ada.claimDeployment(id);
  await prepare(deployment);
  await switchOver(deployment);
  await effectsDone();
  record.clock.now += 1_000;
  return buildId;
}

const buildIds = async () =>
  (await record.store.db.selectFrom('build').select('id').orderBy('id').execute()).map(({ id }) => id);
async function rowsThatName(ids: readonly string[]): Promise<number> {
  const { db } = record.store;
  const rows = await Promise.all([
    db.selectFrom('workflow').select('id').where('build_id', 'in', ids).execute(),
    db.selectFrom('step').select('id').where('workflow_id', 'in', ids).execute(),
    db.selectFrom('event').select('id').where('build_id', 'in', ids).execute(),
    // The newest lease of all stays; that of a removed build is not it.
    db.selectFrom('lease').select('id').where('subject_id', 'in', ids).execute(),
    db.selectFrom('outbox').select('id').where('subject_id', 'in', ids).execute(),
  ]);
  return rows.flat().length;
}
const files = async () =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.log')).length;

onEachDatabase((target) => {
  it('removes what ended too long ago with all that is of it, and keeps the newest success', async () => {
    await begin(await target());
    const builds = [await ended(), await ended('failure'), await ended(), await ended('failure')];
    const workflows = await Promise.all(builds.map((id) => record.workflowOf(id)));
    expect(await files()).toBe(4);
    record.clock.now += 31 * DAY;
    expect(await retention({ buildsMs: 30 * DAY }).round()).toMatchObject({ builds: 2 });
    expect(await buildIds()).toEqual(builds.slice(2));
    expect(await files()).toBe(2);
    expect(await rowsThatName([...builds.slice(0, 2), ...workflows.slice(0, 2)])).toBe(0);
    expect(await rowsThatName([...builds.slice(2), ...workflows.slice(2)])).toBeGreaterThan(4);
    expect(await readBuild(record.store.db, builds[0] ?? '', CONTEXT)).toBeNull();
    expect(await retention({ buildsMs: 30 * DAY }).round()).toMatchObject({ builds: 0, strayLogs: 0 });
  });

  it('keeps the newest of a project, and a list goes on after one that was removed', async () => {
    await begin(await target());
    const builds: string[] = [];
    for (let n = 0; n < 8; n++) builds.push(await ended());
    const first = await readBuilds(record.store.db, { projectId: project, before: null, limit: 5 }, CONTEXT);
    record.clock.now += DAY;
    await retention({ buildsPerProject: 2 }).round();
    expect(await buildIds()).toEqual(builds.slice(-2));
    const next = await readBuilds(
      record.store.db,
      { projectId: project, before: first.next, limit: 5 },
      CONTEXT,
    );
    expect(next).toEqual({ items: [], next: null });
    const before = await readBuilds(
      record.store.db,
      { projectId: project, before: builds[7] ?? '', limit: 5 },
      CONTEXT,
    );
    expect(before.items.map(({ id }) => id)).toEqual([builds[6]]);
  });

  it('makes room for logs by the oldest builds, and by no more than it takes', async () => {
    await begin(await target());
    const builds: string[] = [];
    for (let n = 0; n < 7; n++) builds.push(await ended('success', 10_000));
    record.clock.now += DAY;
    // Each has an index beside its bytes, so that three fit and four do not; the newest may not go, and does not count.
    await retention({ logBytes: 39_000 }).round();
    expect(await buildIds()).toEqual(builds.slice(-4));
    expect(await files()).toBe(4);
  });

  it('lets no log that may not go take the room of others', async () => {
    await begin(await target());
    const live = await deployed(1);
    const { id } = await record.store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
    await write(`app_${id}`, 100_000);
    const builds: string[] = [];
    for (let n = 0; n < 4; n++) builds.push(await ended('success', 10_000));
    const running = await record.build(project, {
      plan: { ...planOf(), image: null, push: null },
    });
    const lease = await ada.claimWorkflow(await record.workflowOf(running.buildId));
    await write(lease.work.steps[0]?.attemptId ?? '', 100_000);
    record.clock.now += DAY;
    expect(await retention({ logBytes: 50_000 }).round()).toMatchObject({ builds: 0 });
    // Three may go; two of them fit.
    expect(await retention({ logBytes: 29_000 }).round()).toMatchObject({ builds: 1 });
    expect(await buildIds()).toEqual([live, ...builds.slice(1), running.buildId]);
  });

  it('never removes what has not ended, is live or standby, or may be rolled back to', async () => {
    await begin(await target());
    const builds: string[] = [];
    for (let name = 1; name <= 8; name++) builds.push(await deployed(name));
    const waiting = await record.build(project);
    record.clock.now += 400 * DAY;
    const all = { buildsMs: DAY, buildsPerProject: 1, logBytes: 1 };
    await retention(all).round();
    expect(await buildIds()).toEqual([...builds.slice(-2 - LIMITS.keptReleases), waiting.buildId]);
    const { id } = await record.store.db.selectFrom('environment').select('id').executeTakeFirstOrThrow();
    await expect(record.builds.rollBack(id, null)).resolves.toMatchObject({});
    await retention(all).round();
    expect(await buildIds()).toHaveLength(3 + LIMITS.keptReleases);
  });

  it('goes on after an end in between: no row without its log, no log without its row', async () => {
    await begin(await target());
    for (let n = 0; n < 7; n++) await ended();
    record.clock.now += DAY;
    const killed = {
      list: () => logs.list(),
      sizeOf: (logId: string) => logs.sizeOf(logId),
      remove: async () => {
        await one.stop();
        throw new Error('killed');
      },
    };
    const one = retention({ buildsPerProject: 1 }, { logs: killed });
    expect(await one.round()).toMatchObject({ builds: 5 });
    expect(await buildIds()).toHaveLength(2);
    expect(await files()).toBe(7);
    expect(await retention({ buildsPerProject: 1 }).round()).toMatchObject({ builds: 1, strayLogs: 5 });
    expect(await buildIds()).toHaveLength(1);
    expect(await files()).toBe(1);
  });

  it.each([
    ['projects', { buildsPerProject: 1 }, 2],
    ['removals for room', { logBytes: 1 }, 5],
  ])('removes nothing more once it is stopped between %s', async (_, limits, removed) => {
    await begin(await target());
    const perProject = removed + 1;
    for (let n = 0; n < perProject; n++) await ended();
    project = await record.project('shop/api');
    for (let n = 0; n < perProject; n++) await ended();
    record.clock.now += DAY;
    const stopping: RetentionDeps['logs'] = {
      list: () => logs.list(),
      sizeOf: (logId) => logs.sizeOf(logId),
      remove: async (logId) => {
        await one.stop();
        await logs.remove(logId);
      },
    };
    const one = retention(limits, { logs: stopping });
    expect(await one.round()).toMatchObject({ builds: removed });
    expect(await buildIds()).toHaveLength(2 * perProject - removed);
  });

  it('goes on after logs that cannot be removed, and warns of them once', async () => {
    await begin(await target());
    await record.store.transaction((tx) => tx.db.updateTable('project').set({ created_at: 0 }).execute());
    const [stuck, alsoStuck, stray] = [newId('att'), newId('att'), newId('att')];
    for (const logId of [stuck, alsoStuck, stray]) await write(logId, 1_000);
    for (let n = 0; n < 3; n++) await ended();
    record.clock.now += DAY;
    const failing: RetentionDeps['logs'] = {
      list: () => logs.list(),
      sizeOf: (logId) => logs.sizeOf(logId),
      remove: async (logId) => {
        if (logId === stuck || logId === alsoStuck) throw new Error('EACCES');
        await logs.remove(logId);
      },
    };
    const warnings: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(line) });
    const failed = retention({ logBytes: 1 }, { logs: failing, log });
    expect(await failed.round()).toMatchObject({ builds: 2, strayLogs: 1, stuckLogs: 2 });
    expect(await failed.round()).toMatchObject({ builds: 0, strayLogs: 0, stuckLogs: 2 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('EACCES');
  });

  it('goes on after a build whose log cannot be removed, and removes that log once it can be', async () => {
    await begin(await target());
    for (let n = 0; n < 7; n++) await ended();
    record.clock.now += DAY;
    let first: string | null = null;
    const failing: RetentionDeps['logs'] = {
      list: () => logs.list(),
      sizeOf: (logId) => logs.sizeOf(logId),
      remove: async (logId) => {
        if ((first ??= logId) === logId) throw new Error('EPERM');
        await logs.remove(logId);
      },
    };
    const failed = retention({ buildsPerProject: 1 }, { logs: failing });
    expect(await failed.round()).toMatchObject({ builds: 6, stuckLogs: 1 });
    expect(await files()).toBe(2);
    expect(await retention({ buildsPerProject: 1 }).round()).toMatchObject({ builds: 0, strayLogs: 1 });
    expect(await files()).toBe(1);
  });

  it('makes room for artifacts by the oldest, builds in use or not, and by none that has just come', async () => {
    await begin(await target());
    const buildId = await ended();
    const other = await ended();
    const now = record.clock.now;
    const artifact = (n: number, atMs: number, bytes: number, whole = 1) => ({
      ...{
        id: newId('art', atMs),
        build_id: n % 2 === 0 ? buildId : other,
        attempt_id: `att_${n}`,
        name: `a${n}`,
      },
      ...{ files: 1, bytes, digest: 'sha256:', whole, created_at: atMs, expires_at: null },
    });
    const rows = Array.from({ length: 1_200 }, (_, n) => artifact(n, now - DAY + n * 1_000, 10));
    const young = artifact(1_200, now - 60_000, 5_000);
    const coming = artifact(1_201, now - 2 * 3_600_000, 50_000, 0);
    for (const some of [rows.slice(0, 600), rows.slice(600), [young, coming]])
      await record.store.transaction((tx) => tx.db.insertInto('artifact').values(some).execute());
    const artifacts = {
      list: async function* () {
        yield* [];
      },
      remove: async () => undefined,
    };
    const left = async () =>
      (await record.store.db.selectFrom('artifact').select('id').orderBy('id').execute()).map(({ id }) => id);
    await retention({}, { artifacts }).round();
    expect(await left()).toHaveLength(1_202);
    await retention({ artifactBytes: 17_000 }, { artifacts }).round();
    expect(await left()).toHaveLength(1_202);
    await retention({ artifactBytes: 10_995 }, { artifacts }).round();
    expect(await left()).toEqual([...rows.slice(601).map(({ id }) => id), coming.id, young.id]);
    await retention({ artifactBytes: 1 }, { artifacts }).round();
    expect(await left()).toEqual([coming.id, young.id]);
  });

  it('leaves logs alone that are older than the record', async () => {
    await begin(await target());
    const logId = newId('att', record.clock.now - 100 * DAY);
    await logs.append([{ logId, offset: 0, segments: [], bytes: Buffer.alloc(0), end: true }]);
    await record.store.transaction((tx) =>
      tx.db
        .updateTable('project')
        .set({ created_at: record.clock.now - 50 * DAY })
        .execute(),
    );
    expect(await retention({ logBytes: 1 }).round()).toMatchObject({ builds: 0, strayLogs: 0 });
    expect(await files()).toBe(1);
    await record.store.transaction((tx) => tx.db.updateTable('project').set({ created_at: 0 }).execute());
    expect(await retention({}).round()).toMatchObject({ strayLogs: 1 });
    expect(await files()).toBe(0);
  });

  it('keeps a build that an effect is still to come of, and fencing tokens go on', async () => {
    await begin(await target());
    const builds = [await ended(), await ended(), await ended()];
    const workflowId = await record.workflowOf(builds[0] ?? '');
    await record.store.transaction((tx) =>
      tx.db
        .insertInto('outbox')
        .values({
          ...{ id: newId('fx'), key: 'late', subject_id: workflowId, kind: 'clear-staging', target: 't' },
          ...{ payload_json: '{}', state: 'pending', next_at: 0, result: null, lease_id: null },
          ...{ created_at: 0, finished_at: null },
        })
        .execute(),
    );
    record.clock.now += DAY;
    await retention({ buildsPerProject: 1 }).round();
    expect(await buildIds()).toEqual([builds[0], builds[2]]);
    const fence = await record.store.db
      .selectFrom('lease')
      .select(({ fn }) => fn.max<number>('fence').as('most'))
      .executeTakeFirstOrThrow();
    expect(Number(fence.most)).toBe(3);
  });

  it('keeps the newest lease of all, also when its build goes', async () => {
    await begin(await target());
    await ended();
    const last = await ended('failure');
    await record.store.transaction((tx) =>
      tx.db.updateTable('build').set({ ref_name: 'topic', branch: 'topic' }).where('id', '=', last).execute(),
    );
    record.clock.now += 2 * DAY;
    expect(await retention({ buildsMs: DAY }).round()).toMatchObject({ builds: 1 });
    expect(await buildIds()).not.toContain(last);
    const leases = await record.store.db.selectFrom('lease').select('fence').orderBy('fence').execute();
    expect(leases.map(({ fence }) => Number(fence))).toEqual([1, 2]);
  });

  it('lets no red build take away what a removed green one has published', async () => {
    await begin(await target());
    const green = await ended();
    const red = await ended('failure');
    await ended();
    const manifest = { repository: 'registry.test:5000/shop/web', digest: 'sha256:1', named_at: 0 };
    await record.store.transaction((tx) =>
      tx.db
        .insertInto('manifest')
        .values([
          { ...manifest, build_id: green, fresh: 0 },
          { ...manifest, build_id: red, fresh: 1 },
        ])
        .execute(),
    );
    record.clock.now += DAY;
    await retention({ buildsPerProject: 2 }).round();
    const rows = await record.store.db.selectFrom('manifest').select(['build_id', 'fresh']).execute();
    expect(rows).toEqual([{ build_id: red, fresh: 0 }]);
  });

  it('removes deliveries that led to nothing that is kept, once no host tells them again', async () => {
    await begin(await target());
    const kept = await ended();
    const deliver = async (at: number, outcome: 'received' | 'ignored' | 'built'): Promise<string> => {
      const id = newId('dlv', at);
      await record.store.transaction((tx) =>
        tx.db
          .insertInto('delivery')
          .values({
            ...{ id, host: 'github', host_delivery_id: id, event: 'push', action: null, repository: null },
            ...{ body: '{}', body_bytes: 2, received_at: at, outcome, reason: null },
          })
          .execute(),
      );
      return id;
    };
    const now = record.clock.now;
    await deliver(now - 40 * DAY, 'ignored');
    const linked = await deliver(now - 40 * DAY, 'built');
    const waiting = await deliver(now - 40 * DAY, 'received');
    const young = await deliver(now - 20 * DAY, 'ignored');
    await record.store.transaction((tx) =>
      tx.db
        .insertInto('delivery_build')
        .values({ delivery_id: linked, build_id: kept, pull_request: null })
        .execute(),
    );
    expect(await retention({ buildsMs: 2 * DAY }).round()).toMatchObject({ deliveries: 1 });
    const rows = await record.store.db.selectFrom('delivery').select('id').orderBy('id').execute();
    expect(rows.map(({ id }) => id)).toEqual([linked, waiting, young]);
  });

  it('removes entries of the audit log by their own age, whatever goes of builds', async () => {
    await begin(await target());
    const write = () =>
      record.store.transaction((tx) =>
        insertAudit(
          tx,
          {
            actor: { kind: 'server', id: null, name: null, via: null },
            action: 'token.make',
            subject: null,
            address: null,
            requestId: null,
            refused: null,
          },
          { at: record.clock.now },
        ),
      );
    for (let n = 0; n < 250; n++) await write();
    record.clock.now += 3 * DAY;
    await write();
    expect(await retention({ buildsMs: DAY }).round()).toMatchObject({ audit: 0 });
    expect(await retention({ auditMs: 4 * DAY }).round()).toMatchObject({ audit: 0 });
    expect(await retention({ auditMs: 2 * DAY }).round()).toMatchObject({ audit: 250 });
    const { items } = await readAudit(record.store.db, {}, { before: null, limit: 10 });
    expect(items.map(({ atMs }) => atMs)).toEqual([record.clock.now]);
  });

  it('looks through no table in what it asks again and again', async () => {
    await begin(await target());
    if (record.store.dialect !== 'sqlite') return;
    for (let n = 0; n < 3; n++) await ended();
    record.clock.now += DAY;
    const asked = await queriesOf(() => retention({ buildsMs: 1, buildsPerProject: 1, auditMs: 1 }).round());
    expect(asked.size).toBeGreaterThan(20);
    const plans = await Promise.all([...asked].map(planOfQuery));
    // Few rows each, however many builds there are.
    const small = /^SCAN (project|access_token|slot|environment|staging|CONSTANT ROW)\b/;
    const scans = plans.filter((steps) => steps.some((step) => step.startsWith('SCAN') && !small.test(step)));
    expect(scans).toEqual([]);
    expect(plans.flat().filter((step) => step.includes('build_success'))).toHaveLength(1);
  });
});

/** The texts of what is asked of the record meanwhile. */
async function queriesOf(act: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  // Each text is prepared once, and kept.
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  try {
    await act();
    const texts = prepare.mock.calls.map(([text]) => text);
    return new Set(texts.filter((text) => /^(select|delete|update)/.test(text)));
  } finally {
    prepare.mockRestore();
  }
}

async function planOfQuery(text: string): Promise<readonly string[]> {
  const { rows } = await sql
    .raw<{ detail: string }>(`explain query plan ${text.replaceAll('?', "'x'")}`)
    .execute(record.store.db);
  return rows.map(({ detail }) => detail);
}

it('holds no writer up for long while it removes many', async () => {
  await begin(path.join(folder, 'many.db'));
  for (let n = 0; n < 60; n++) await ended();
  record.clock.now += DAY;
  const round = retention({ buildsPerProject: 1 }, { pauseMs: 5 }).round();
  let isDone = false;
  void round.finally(() => (isDone = true)).catch(() => undefined);
  let writes = 0;
  while (!isDone) {
    await record.store.transaction((tx) => tx.db.updateTable('project').set({ created_at: 1 }).execute());
    writes += 1;
    await nextTurn();
  }
  await round;
  expect(await buildIds()).toHaveLength(1);
  // A write after each of its batches at least, so none waits for more than one of them.
  expect(writes).toBeGreaterThanOrEqual(11);
});
