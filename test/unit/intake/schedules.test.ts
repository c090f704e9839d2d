import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEvent } from '../../../src/core/event.ts';
import type { ScheduleView } from '../../../src/core/views/project-view.ts';
import { createMirrors } from '../../../src/git/mirrors.ts';
import { readRemote } from '../../../src/git/remote.ts';
import { connectGithub } from '../../../src/hosts/github/connect-github.ts';
import { createProjects } from '../../../src/intake/database-projects.ts';
import { createSchedules, type Schedules } from '../../../src/intake/schedules.ts';
import type { Mirrors, ReadRemote } from '../../../src/ports/repositories.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  startGitHost,
  type GitHost,
  type GitHostOptions,
  type HostedRepository,
} from '../../support/git-host.ts';
import { pushPayload } from '../../support/github-payloads.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

const STEPS = 'steps: { a: { image: "busybox:1.36", commands: x } }\n';
const cron = (schedule: string, name = 'nightly') =>
  `${STEPS}cron: { ${name}: { schedule: "${schedule}" } }\n`;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let host: GitHost;
let options: GitHostOptions;
let repository: HostedRepository;
let server: TestServer;
let nowMs: number;
let base: number;
let mirrors: Mirrors;
let folder: string;
const running: Schedules[] = [];

beforeEach(async () => {
  options = {};
  host = await startGitHost(options);
  repository = host.create('Shop/Web');
  repository.commit({ 'slipway.yml': cron('0 3 * * *') }, 'First');
  server = await startTestServer();
  await server.api('POST', '/projects', { cloneUrl: repository.cloneUrl });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-schedules-'));
  mirrors = createMirrors({ directory: folder, signal: new AbortController().signal });
  await look(Date.now());
  expect(await rows()).toHaveLength(1);
  base = Math.floor(Date.now() / (24 * HOUR) + 1) * 24 * HOUR;
  nowMs = base;
  await server.deps.store.transaction(async (tx) => {
    await tx.db
      .updateTable('schedule')
      .set({ next_at: base + 3 * HOUR })
      .execute();
  });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await mirrors.settled();
  await server.close();
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

const rows = () => server.deps.store.db.selectFrom('schedule').orderBy('name').selectAll().execute();
const list = async (): Promise<readonly ScheduleView[]> =>
  ((await (await server.api('GET', '/projects/shop%2Fweb/schedules')).json()) as { items: ScheduleView[] })
    .items;
const builds = async () => {
  const all = await server.deps.store.db
    .selectFrom('build')
    .where('event_kind', '=', 'cron')
    .orderBy('number')
    .select(['id', 'event_json', 'commit', 'status'])
    .execute();
  return all.map((row) => ({ ...row, event: readEvent(row.event_json) }));
};
const ticks = async () =>
  (await builds()).map(({ event }) => (event.kind === 'cron' ? new Date(event.tickMs).toISOString() : ''));

/** Schedules under the test's clock, on the server's record. */
function schedules(
  store: Store = server.deps.store,
  read: ReadRemote = readRemote,
  readMs?: number,
): Schedules {
  const { builds: machine, secrets, intake, log } = server.deps;
  const clock = { nowMs: () => nowMs };
  const made = createSchedules({
    ...{ store, clock, log, intake, mirrors, readRemote: read },
    ...(readMs === undefined ? {} : { readMs }),
    builds: machine,
    secrets,
  });
  running.push(made);
  return made;
}

/** One look, as the server's timer has it. */
async function look(at: number, by = schedules()): Promise<void> {
  nowMs = at;
  by.wake();
  await by.idle();
}

async function push(files: Record<string, string | null>, message = 'Change'): Promise<void> {
  const commit = repository.commit(files, message);
  await server.deliver(
    'push',
    pushPayload({ repository: repository.fullName, commit, branch: 'main', message }),
  );
  await server.deps.intake.idle();
}

it.each([
  ['slipway.yml', cron('0 3 * * *') + 'nope: 1'],
  ['.woodpecker.yml', 'steps: ['],
])('a push of %s with errors leaves the schedules as they are, which is logged', async (name, text) => {
  const before = await rows();
  const lines: unknown[] = [];
  const ignore = (): void => undefined;
  const log = {
    ...{ debug: ignore, info: ignore, error: ignore },
    warn: (...line: unknown[]) => lines.push(line),
    child: () => log,
  };
  const child = vi.spyOn(server.deps.log, 'child').mockReturnValue(log as never);
  await push({ 'slipway.yml': null, [name]: text });
  child.mockRestore();
  expect(await rows()).toEqual(before);
  expect(lines).toContainEqual([
    expect.objectContaining({ project: 'shop/web' }),
    'the schedules of a project stay as they were: its pipeline files have errors',
  ]);
});

const startBuilds = () =>
  server.deps.store.transaction(async (tx) => {
    await sql`update build set status = 'running', planned = 1 where status = 'pending'`.execute(tx.db);
  });

const at = (time: string) => Date.parse(`${day()}T${time}:00Z`);
const day = () => new Date(base).toISOString().slice(0, 10);

describe('the schedules of a project', () => {
  it('are those of its default branch, from when the project is there', async () => {
    const [schedule] = await list();
    expect(schedule).toMatchObject({
      name: 'nightly',
      expression: '0 3 * * *',
      timezone: 'UTC',
      enabled: true,
    });
    expect(schedule?.nextMs).toHaveLength(3);
    for (const time of schedule?.nextMs ?? [])
      expect(new Date(time).toISOString()).toMatch(/T03:00:00.000Z$/);
  });

  it('follow a push that changes the file; a broken file changes nothing', async () => {
    await push({
      'slipway.yml': `${STEPS}cron: { weekly: { schedule: "@weekly" }, nightly: { schedule: "5 4 * * *" } }\n`,
    });
    expect((await rows()).map(({ name, expression }) => [name, expression])).toEqual([
      ['nightly', '5 4 * * *'],
      ['weekly', '@weekly'],
    ]);
    await push({ 'slipway.yml': 'steps: nonsense\n' });
    expect(await rows()).toHaveLength(2);
    await push({ 'slipway.yml': STEPS });
    expect(await rows()).toEqual([]);
  });

  it('do not follow another branch', async () => {
    const commit = repository.commit({ 'slipway.yml': STEPS }, 'Else', { branch: 'else' });
    await server.deliver(
      'push',
      pushPayload({ repository: repository.fullName, commit, branch: 'else', message: 'Else' }),
    );
    await server.deps.intake.idle();
    expect(await rows()).toHaveLength(1);
  });
});

describe('the schedules of a new project', () => {
  const add = (read: Mirrors['read']) => {
    const { builds: machine, ...others } = server.deps;
    const clock = { nowMs: () => nowMs };
    return createProjects({
      ...{ ...others, readRemote, clock, builds: machine },
      mirrors: { ...mirrors, read },
      gitHost: connectGithub({ api: 'http://127.0.0.1:9', app: null, clock }),
    }).add({ cloneUrl: other.cloneUrl, path: null, token: null });
  };
  const names = async () => (await rows()).map(({ name }) => name).sort();
  let other: HostedRepository;
  beforeEach(() => {
    other = host.create('Shop/Other');
    other.commit({ 'slipway.yml': cron('30 3 * * *', 'hourly') }, 'First');
  });

  it('are read by the next server where this one was killed right after it was added', async () => {
    await add(() => new Promise(() => undefined));
    await look(nowMs);
    expect(await names()).toEqual(['hourly', 'nightly']);
  });

  it('are tried again while its Git host is away, and read once', async () => {
    await add(() => new Promise(() => undefined));
    options.failures = 1_000;
    await look(nowMs);
    expect(await names()).toEqual(['nightly']);
    expect(server.logged.join('\n')).toContain('the schedules of a project could not be read');
    expect(server.logged.join('\n')).not.toContain('no build was made of a schedule');
    options.failures = 0;
    await look(nowMs + MINUTE);
    expect(await names()).toEqual(['hourly', 'nightly']);
    const asked: string[] = [];
    const heard: ReadRemote = (remote) => (asked.push(remote.url), readRemote(remote));
    await look(nowMs + HOUR, schedules(server.deps.store, heard));
    expect(asked).toEqual([]);
  });

  it('are read again when another branch is the default one', async () => {
    repository.commit({ 'slipway.yml': cron('5 5 * * *', 'other') }, 'Else', { branch: 'else' });
    await server.api('PATCH', '/projects/shop%2Fweb', { defaultBranch: 'else' });
    await look(nowMs);
    expect(await names()).toEqual(['other']);
  });

  it('of which the default branch is not there are not asked for again: a push makes it', async () => {
    await server.api('PATCH', '/projects/shop%2Fweb', { defaultBranch: 'to-come' });
    await look(nowMs);
    const asked: string[] = [];
    await look(
      nowMs + HOUR,
      schedules(server.deps.store, (remote) => (asked.push(remote.url), readRemote(remote))),
    );
    expect(asked).toEqual([]);
    expect(await names()).toEqual(['nightly']);
  });
});

describe('a time that has come', () => {
  it('makes one build of the newest commit, with the event `cron`', async () => {
    const commit = repository.commit({ other: '1' }, 'Newer');
    await look(at('02:59'));
    expect(await ticks()).toEqual([]);
    await look(at('03:00'));
    await look(at('03:00'));
    await look(at('03:01'), schedules());
    expect(await ticks()).toEqual([`${day()}T03:00:00.000Z`]);
    const [build] = await builds();
    expect(build).toMatchObject({ commit, event: { cron: 'nightly', branch: 'main' } });
    const lines = server.logged
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter(({ msg }) => msg === 'a schedule made a build');
    expect(lines).toMatchObject([
      { level: 30, deliveryId: null, buildId: build?.id, number: 1, schedule: 'nightly' },
    ]);
    await server.deps.intake.idle();
    const shown = (await (await server.api('GET', `/builds/${build?.id}`)).json()) as { event: string };
    expect(shown).toMatchObject({ event: 'cron', refName: 'main', problems: [] });
    const [schedule] = await list();
    expect(schedule).toMatchObject({ lastBuild: { id: build?.id }, problem: null });
    expect(schedule?.nextMs[0]).toBe(at('03:00') + 24 * HOUR);
  });

  it('that passed many times while no server ran makes one build', async () => {
    await look(at('12:00') + 40 * 24 * HOUR);
    expect(await ticks()).toHaveLength(1);
    const [schedule] = await list();
    expect(schedule?.nextMs[0]).toBe(at('03:00') + 41 * 24 * HOUR);
  });

  it('makes none when the newest commit has no such schedule any more', async () => {
    repository.commit({ 'slipway.yml': STEPS }, 'Nobody told');
    await look(at('03:00'));
    expect(await ticks()).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  it('waits, with the reason, while the Git host is away, and while its last build has not begun', async () => {
    options.failures = 1_000;
    await look(at('03:00'));
    expect(await ticks()).toEqual([]);
    expect((await list())[0]?.problem).toContain('cannot be read');
    options.failures = 0;
    await look(at('03:00') + MINUTE);
    expect(await ticks()).toHaveLength(1);
    await look(at('03:00') + 24 * HOUR);
    expect((await list())[0]?.problem).toMatch(/its build #\d+ has not begun to run/);
    await startBuilds();
    await look(at('03:00') + 24 * HOUR + MINUTE);
    expect(await ticks()).toHaveLength(2);
  });
});

describe('a push that comes while the branch is read', () => {
  const AFTER = {
    'slipway.yml': `${STEPS}cron: { weekly: { schedule: "@weekly" }, nightly: { schedule: "0 3 * * *" } }\n`,
  };
  const pushedMeanwhile: ReadRemote = async (remote) => {
    const state = await readRemote(remote);
    await push(AFTER, 'Meanwhile');
    return state;
  };
  const inOrder = async () => {
    const { db } = server.deps.store;
    const all = await db.selectFrom('build').orderBy('branch_order').select('event_kind').execute();
    return all.map((row) => row.event_kind);
  };

  it('is newer than the build by the clock, and its schedules stay', async () => {
    nowMs = Date.now();
    await server.deps.store.transaction(async (tx) => {
      await tx.db.updateTable('schedule').set({ next_at: nowMs }).execute();
    });
    await look(nowMs, schedules(server.deps.store, pushedMeanwhile));
    expect(await inOrder()).toEqual(['cron', 'push']);
    expect((await rows()).map(({ name }) => name)).toEqual(['nightly', 'weekly']);
  });

  it('is newer than the build by hand, and its schedules stay', async () => {
    const { builds: machine, ...others } = server.deps;
    const projects = createProjects({
      ...others,
      ...{ mirrors, readRemote: pushedMeanwhile, clock: systemClock, builds: machine },
      gitHost: connectGithub({ api: 'http://127.0.0.1:9', app: null, clock: systemClock }),
    });
    const [row] = await rows();
    await projects.runNow(row?.project_id ?? '', { branch: 'main', inputs: {} });
    expect(await inOrder()).toEqual(['manual', 'push']);
    expect((await rows()).map(({ name }) => name)).toEqual(['nightly', 'weekly']);
  });
});

describe('a repository that does not answer', () => {
  const silent = (): { read: ReadRemote; asked: () => boolean } => {
    let isAsked = false;
    const read: ReadRemote = async (remote, signal) => {
      if (remote.url !== repository.cloneUrl) return readRemote(remote, signal);
      isAsked = true;
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
      );
    };
    return { read, asked: () => isAsked };
  };

  it('holds up no other Git host, however many of its own do not answer', async () => {
    const others = await Promise.all(
      ['One', 'Two', 'Three', 'Four'].map((name) => {
        const made = host.create(`Shop/${name}`);
        made.commit({ 'slipway.yml': cron('30 3 * * *') }, 'First');
        return server.deps.projects.add({ cloneUrl: made.cloneUrl, path: null, token: null });
      }),
    );
    await server.deps.store.transaction(async (tx) => {
      const elsewhere = sql<string>`replace(clone_url, '127.0.0.1', 'silent.test')`;
      for (const { projectId: id } of others) {
        await tx.db.updateTable('project').set({ clone_url: elsewhere }).where('id', '=', id).execute();
        await tx.db.deleteFrom('schedule').where('project_id', '=', id).execute();
        const schedule = { name: 'x', expression: '@hourly', timezone: 'UTC', next_at: base };
        const times = { done_until: null, last_build_id: null, problem: null };
        await tx.db
          .insertInto('schedule')
          .values({ id: `sch_${id}`, project_id: id, ...schedule, ...times })
          .execute();
      }
      const nightly = { next_at: base + 1, try_at: base };
      await tx.db.updateTable('schedule').set(nightly).where('name', '=', 'nightly').execute();
    });
    const asked: string[] = [];
    const by = schedules(server.deps.store, async (remote, signal) => {
      if (!remote.url.includes('silent.test')) return readRemote(remote, signal);
      asked.push(remote.url);
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
      );
    });
    nowMs = base + 1;
    by.wake();
    await vi.waitFor(async () => expect(await ticks()).toHaveLength(1), { timeout: 20_000 });
    expect(asked).toHaveLength(3);
    await by.stop();
  });

  it('holds up no other Git host, however many do not answer, also after a restart', async () => {
    const mute = ['One', 'Two', 'Three', 'Four', 'Five'];
    for (const name of mute) {
      const made = host.create(`Shop/${name}`);
      const { projectId: id } = await server.deps.projects.add({
        ...{ cloneUrl: made.cloneUrl, path: null, token: null },
      });
      const clone_url = made.cloneUrl.replace('127.0.0.1', `${name.toLowerCase()}.test`);
      await server.deps.store.transaction(({ db }) =>
        db.updateTable('project').set({ clone_url, schedules_try_at: 1 }).where('id', '=', id).execute(),
      );
    }
    for (let start = 1; start <= 2; start++) {
      let open = 0;
      const read: ReadRemote = async (remote, signal) => {
        if (!remote.url.includes('.test')) return readRemote(remote, signal);
        open += 1;
        return new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
        );
      };
      const by = schedules(server.deps.store, read);
      await server.deps.store.transaction(async ({ db }) => {
        await db.updateTable('schedule').set({ next_at: nowMs }).where('name', '=', 'nightly').execute();
        await sql`update project set schedules_try_at = 1 where clone_url like '%.test%'`.execute(db);
      });
      await startBuilds();
      by.wake();
      await vi.waitFor(async () => expect(await ticks()).toHaveLength(start), { timeout: 20_000 });
      expect(open).toBe(mute.length);
      await by.stop();
      nowMs += MINUTE;
    }
  });

  it('is given up after a while, even where it does not end when it is told to', async () => {
    const by = schedules(server.deps.store, () => new Promise(() => undefined), 200);
    await look(at('03:00'), by);
    expect((await list())[0]?.problem).toContain('took longer than 0.2 seconds');
  });

  it('is asked again ever more rarely, up to every 16 minutes, until it answers', async () => {
    const { projectId: id } = await server.deps.projects.add({
      ...{ cloneUrl: host.create('Shop/Away').cloneUrl, path: null, token: null },
    });
    const set = (schedules_try_at: number) =>
      server.deps.store.transaction(({ db }) =>
        db.updateTable('project').set({ schedules_try_at }).where('id', '=', id).execute(),
      );
    const tryAt = async () =>
      (
        await server.deps.store.db
          .selectFrom('project')
          .where('id', '=', id)
          .select('schedules_try_at')
          .executeTakeFirstOrThrow()
      ).schedules_try_at;
    await set(nowMs);
    let isAway = true;
    const by = schedules(server.deps.store, async (remote, signal) => {
      if (isAway) throw new Error('away');
      return readRemote(remote, signal);
    });
    const pauses: number[] = [];
    for (let n = 0; n < 7; n++) {
      await look(nowMs, by);
      const next = (await tryAt()) ?? NaN;
      pauses.push((next - nowMs) / MINUTE);
      await look(next - 1, by);
      expect(await tryAt()).toBe(next);
      nowMs = next;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 16, 16]);
    isAway = false;
    await look(nowMs, by);
    expect(await tryAt()).toBeNull();
  });

  it('holds up neither the schedules of other projects nor the end of the server', async () => {
    const other = host.create('Shop/Other');
    other.commit({ 'slipway.yml': cron('30 3 * * *') }, 'First');
    await server.api('POST', '/projects', { cloneUrl: other.cloneUrl });
    await look(nowMs);
    expect(await rows()).toHaveLength(2);
    await server.deps.store.transaction(async (tx) => {
      await tx.db.updateTable('schedule').set({ next_at: base }).execute();
    });
    const { read, asked } = silent();
    const by = schedules(server.deps.store, read);
    nowMs = base;
    by.wake();
    await vi.waitFor(async () => expect(await ticks()).toHaveLength(1), { timeout: 20_000 });
    expect(asked()).toBe(true);
    await by.stop();
    expect((await rows()).map(({ problem }) => problem)).toEqual([null, null]);
  });
});

it('why a schedule made no build is a change of its project, once', async () => {
  const heard: string[] = [];
  const unsubscribe = server.deps.store.onChange(({ kind }) => heard.push(kind));
  options.failures = 1_000;
  await look(at('03:00'));
  expect(heard).toEqual(['project']);
  await look(at('03:00') + MINUTE);
  unsubscribe();
  expect(heard).toEqual(['project']);
});

it('a schedule that is enabled already keeps the time that has come', async () => {
  nowMs = at('03:01');
  await schedules().enable((await rows())[0]?.project_id ?? '', 'nightly', true);
  await look(at('03:02'));
  expect(await ticks()).toEqual([`${day()}T03:00:00.000Z`]);
});

it('a schedule that is disabled makes no build, and makes up for none when it is enabled again', async () => {
  const enable = (enabled: boolean) =>
    server.api('PATCH', '/projects/shop%2Fweb/schedules/nightly', { enabled });
  expect(await (await enable(false)).json()).toMatchObject({ enabled: false, nextMs: [] });
  await look(at('12:00'));
  expect(await ticks()).toEqual([]);
  nowMs = at('13:00');
  await schedules().enable((await rows())[0]?.project_id ?? '', 'nightly', true);
  await look(at('13:01'));
  expect(await ticks()).toEqual([]);
  await look(at('03:00') + 24 * HOUR);
  expect(await ticks()).toHaveLength(1);
  expect((await server.api('PATCH', '/projects/shop%2Fweb/schedules/none', { enabled: true })).status).toBe(
    404,
  );
});

it(
  'of no time come two builds, whatever is killed and however the clock is set',
  { timeout: 120_000 },
  async () => {
    const random = seededRandom();
    await push({ 'slipway.yml': cron('*/7 * * * *') });
    let by = schedules();
    let time = at('00:00');
    // A walk that turns back much has few ticks on its way: it goes on until there are some.
    for (let round = 0; round < 60 || (await ticks()).length <= 5; round += 1) {
      // A server is killed before or after it has written; the next one begins from the record.
      by = schedules(dyingStore(server.deps.store, random.between(0, 3)));
      const step = random.between(-90, 120) * MINUTE;
      time = Math.max(at('00:00'), time + (step < -60 * MINUTE ? step : Math.abs(step) / 4));
      await look(time, by);
      await by.stop();
      if (random.between(0, 2) === 0) await startBuilds();
    }
    const made = await ticks();
    expect(made.length).toBeGreaterThan(5);
    expect(new Set(made).size, made.join('\n')).toBe(made.length);
    for (const tick of made) expect(new Date(tick).getUTCMinutes() % 7).toBe(0);
  },
);

/** Its `nth` transaction is lost before the commit, or its answer after it. */
function dyingStore(store: Store, nth: number): Store {
  let count = 0;
  return {
    ...store,
    transaction: async (work) => {
      count += 1;
      if (count === nth)
        return store.transaction(async (tx) => {
          await work(tx);
          throw new Error('killed before the commit');
        });
      const done = await store.transaction(work);
      if (count === nth + 1) throw new Error('killed after the commit');
      return done;
    },
  };
}
