import { CompiledQuery, sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import type { RepositoryEvent } from '../../src/core/event.ts';
import {
  countReruns,
  readPreviousBuild,
  readVerdictBefore,
  verdictBefore,
} from '../../src/store/read/build-line.ts';
import { bootstrap, MIGRATIONS } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { readAttempts } from '../../src/store/read/attempts.ts';
import { readBuild } from '../../src/store/read/build.ts';
import { makeRecord, planOf, pushOf, runWorkflow, stepOf, workflowPlan } from '../support/record.ts';
import type { TestRecord } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

let record: TestRecord | null = null;
afterEach(async () => {
  await record?.close();
  record = null;
});

const pull = { kind: 'pull_request', targetBranch: 'main', number: 7 } as const;

onEachDatabase((target) => {
  it('finds the build before of the same branch, tag or pull request, and of no other', async () => {
    record = await makeRecord(await target());
    const { store } = record;
    const build = (id: string, event: Partial<RepositoryEvent>) => record?.build(id, { event });
    const [project, other] = [await record.project(), await record.project('shop/api')];
    await build(other, pushOf('main'));
    const events = [
      pushOf('main'),
      pushOf('topic'),
      pull,
      { kind: 'tag', tag: 'main' },
      { kind: 'manual', branch: 'main' },
      { ...pull, number: 8 },
      pull,
    ] as const;
    for (const event of events) await build(project, event);
    const before = async (
      kind: 'push' | 'tag' | 'manual' | 'pull_request',
      refName: string,
      number: number,
    ) => (await readPreviousBuild(store.db, { projectId: project, kind, refName, number }))?.build.number;
    expect(await before('push', 'main', 1)).toBeUndefined();
    expect(await before('push', 'main', 5)).toBe(1);
    expect(await before('push', 'main', 8)).toBe(5);
    expect(await before('manual', 'main', 5)).toBe(1);
    expect(await before('tag', 'main', 4)).toBeUndefined();
    expect(await before('tag', 'main', 8)).toBe(4);
    expect(await before('pull_request', '#7', 7)).toBe(3);
    expect(await before('push', 'topic', 2)).toBeUndefined();
  });

  it('goes on with what failed alone: the rest is taken over, with its attempts', async () => {
    record = await makeRecord(await target());
    const { store, builds } = record;
    const ada = await record.worker('ada', { features: ['repeat'] });
    const docs = { ...planOf({ steps: [stepOf('docs')] }), image: null, push: null };
    const workflows = [workflowPlan('app'), workflowPlan('docs', { plan: docs })];
    const { buildId } = await record.build(await record.project(), { plan: { workflows } });
    const idsOf = async (build: string) =>
      store.db
        .selectFrom('workflow')
        .select('id')
        .where('build_id', '=', build)
        .orderBy('position')
        .execute();
    const [app, first] = await idsOf(buildId);
    await runWorkflow(await ada.claimWorkflow(app?.id ?? ''));
    await runWorkflow(await ada.claimWorkflow(first?.id ?? ''), 'failure');
    const again = await builds.rerunBuild(buildId, 'failed');
    const [, second] = await idsOf(again.buildId);
    await runWorkflow(await ada.claimWorkflow(second?.id ?? ''));
    const context = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
    const view = await readBuild(store.db, again.buildId, context);
    expect(view).toMatchObject({ status: 'success', rerunFrom: { id: buildId, number: 1 } });
    expect(view?.workflows[0]).toMatchObject({ status: 'success', carriedFrom: { id: buildId, number: 1 } });
    expect(view?.workflows[0]?.steps.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1, 1]);
    const tried = await readAttempts(store.db, buildId);
    expect(tried?.workflows.map(({ name, steps }) => [name, steps.map((step) => step.name)])).toEqual([
      ['docs', ['clone', 'docs']],
    ]);
    const ends = tried?.workflows[0]?.steps[1]?.attempts.map((one) => [one.status, one.workerName]);
    expect(ends).toEqual([
      ['failure', 'ada'],
      ['success', 'ada'],
    ]);
  });

  it('tells what became of it, and counts how often a build was run again', async () => {
    record = await makeRecord(await target());
    const { store, builds, clock } = record;
    const project = await record.project();
    const { buildId } = await record.build(project);
    clock.now += 1_000;
    await builds.cancelBuild(buildId, 'a person');
    await builds.rerunBuild(buildId);
    const { buildId: again } = await builds.rerunBuild(buildId);
    await builds.rerunBuild(again);
    const at = (number: number) => ({ projectId: project, kind: 'push' as const, refName: 'main', number });
    expect(await readPreviousBuild(store.db, at(2))).toMatchObject({
      event: pushOf('main'),
      build: {
        id: buildId,
        number: 1,
        status: 'cancelled',
        createdAtMs: clock.now - 1_000,
        startedAtMs: null,
        finishedAtMs: clock.now,
        rerunOf: null,
      },
    });
    expect((await readPreviousBuild(store.db, at(3)))?.build).toMatchObject({ number: 2, rerunOf: 1 });
    for (const number of [2, 3, 4]) expect(await countReruns(store.db, at(number), buildId)).toBe(number - 1);
  });

  it('finds the last end of a line that was good or bad, along the index of lines', async () => {
    record = await makeRecord(await target());
    const { store } = record;
    const project = await record.project();
    const set = (number: number, status: 'success' | 'failure' | 'cancelled') =>
      store.transaction((tx) =>
        sql`update build set status = ${status} where number = ${number}`.execute(tx.db),
      );
    const events = [pushOf('main'), pushOf('topic'), { kind: 'manual', branch: 'main' }, pull] as const;
    for (const event of events) await record.build(project, { event });
    const before = (kind: 'push' | 'pull_request', refName: string, number: number) =>
      readVerdictBefore(store.db, { projectId: project, kind, refName, number });
    expect(await before('push', 'main', 5)).toBeNull();
    await set(1, 'failure');
    await set(2, 'success');
    await set(3, 'cancelled');
    await set(4, 'success');
    expect(await before('push', 'main', 5)).toBe('failure');
    expect(await before('push', 'main', 1)).toBeNull();
    expect(await before('push', 'new', 5)).toBeNull();
    expect(await before('pull_request', '#7', 5)).toBe('success');
    // Enough of them that PostgreSQL's planner looks for a way.
    await store.transaction(async (tx) => {
      const row = await tx.db
        .selectFrom('build')
        .selectAll()
        .where('number', '=', 1)
        .executeTakeFirstOrThrow();
      for (let from = 0; from < 3_000; from += 500)
        await tx.db
          .insertInto('build')
          .values(
            Array.from({ length: 500 }, (_, n) => {
              const number = from + n + 10;
              return { ...row, id: `bld_${number}`, number, ref_name: `branch-${number % 300}` };
            }),
          )
          .execute();
      if (store.dialect === 'postgres') await sql.raw(`analyze build`).execute(tx.db);
    });
    const asked = verdictBefore(store.db, {
      projectId: project,
      kind: 'push',
      refName: 'new',
      number: 9_999,
    });
    const { sql: text, parameters } = asked.compile();
    const explain = store.dialect === 'sqlite' ? 'explain query plan' : 'explain';
    const plan = await store.db.executeQuery(CompiledQuery.raw(`${explain} ${text}`, [...parameters]));
    expect(JSON.stringify(plan.rows)).toContain('build_line');
  });

  it('reads builds that were recorded before this version', async () => {
    const where = await target();
    const old = where.startsWith('postgres') ? openPostgres(where) : openSqlite(where);
    await bootstrap(old.writer);
    const run = (statement: string) => sql.raw(statement).execute(old.writer);
    for (const statement of MIGRATIONS.slice(0, 4).flat()) await run(statement);
    await run('insert into schema_version (id, version) values (1, 4)');
    await run(`insert into project (id, path, clone_url, host_repository, default_branch, created_at)
      values ('prj_1', 'shop/web', 'https://git.test/shop/web.git', 'shop/web', 'main', 0)`);
    const event = {
      kind: 'push',
      branch: 'main',
      commit: 'a'.repeat(40),
      actor: { id: '1', login: 'ada' },
      url: null,
    };
    await run(`insert into build
      (id, project_id, number, status, event_json, event_kind, ref_name, "commit", branch_order, created_at)
      values ('bld_1', 'prj_1', 1, 'success', '${JSON.stringify(event)}', 'push', 'main', 'aa', '1', 5)`);
    await Promise.all([old.writer.destroy(), old.reader.destroy()]);

    const store = await openStore(where);
    const line = { projectId: 'prj_1', kind: 'push' as const, refName: 'main', number: 2 };
    const previous = await readPreviousBuild(store.db, line);
    await store.close();
    expect(previous?.event).toMatchObject({
      ...event,
      committedAtMs: null,
      repository: null,
      actor: { login: 'ada', avatarUrl: null },
    });
  });
});
