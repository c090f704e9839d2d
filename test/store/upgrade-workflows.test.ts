import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { readBuildPlan } from '../../src/store/read/build-plan.ts';
import { readBuild } from '../../src/store/read/builds.ts';
import { bootstrap, MIGRATIONS } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { IMAGE_REPORTS, planOf, pushOf } from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

/** The schema before a build had several workflows. */
const BEFORE = 10;

onEachDatabase((target) => {
  it('gives what was recorded of a build to its one workflow', async () => {
    const where = await target();
    const old = where.startsWith('postgres') ? openPostgres(where) : openSqlite(where);
    await bootstrap(old.writer);
    const run = (statement: string) => sql.raw(statement).execute(old.writer);
    for (const statement of MIGRATIONS.slice(0, BEFORE).flat()) await run(statement);
    await run(`insert into schema_version (id, version) values (1, ${BEFORE})`);
    await run(`insert into project (id, path, clone_url, host_repository, default_branch, created_at)
      values ('prj_1', 'shop/web', 'https://git.test/shop/web.git', 'shop/web', 'main', 0)`);
    const plan = JSON.stringify(planOf());
    const event = JSON.stringify(pushOf('main'));
    const build = (number: number, planJson: string) =>
      run(`insert into build (id, project_id, number, status, event_json, event_kind, ref_name, "commit", branch_order,
          created_at, plan_json)
        values ('bld_${number}', 'prj_1', ${number}, 'success', '${event}', 'push', 'main', 'aa', '${number}', 5, ${planJson})`);
    await build(1, `'${plan}'`);
    await build(2, 'null');
    await run(`insert into workflow (id, build_id, name, status, attempt)
      values ('wfl_1', 'bld_1', 'default', 'success', 1)`);
    const [built, pushed] = IMAGE_REPORTS.map((report) =>
      JSON.stringify('image' in report ? report.image : null),
    );
    await run(`insert into image (build_id, built_json, pushed_json, tags_json)
      values ('bld_1', '${built}', '${pushed}', '["main"]')`);
    await run(`insert into environment (id, project_id, name, router, hosts_json, backend, created_at)
      values ('env_1', 'prj_1', 'production', 'local', '[]', 0, 5)`);
    for (const [id, cause] of [
      ['dep_1', 'build'],
      ['dep_2', 'rollback'],
    ])
      await run(`insert into deployment (id, environment_id, build_id, cause, status, phase, settings_json, log_id, created_at)
        values ('${id}', 'env_1', 'bld_1', '${cause}', 'success', 'done', '{}', '${id}', 5)`);
    await Promise.all([old.writer.destroy(), old.reader.destroy()]);

    const store = await openStore(where);
    try {
      expect(await readBuildPlan(store.db, 'bld_1')).toEqual({
        workflows: [{ name: 'default', dependsOn: [], runsOn: ['success'], matrix: null, plan: planOf() }],
      });
      expect(await readBuildPlan(store.db, 'bld_2')).toBeNull();
      const builds = await store.db.selectFrom('build').select(['id', 'planned']).orderBy('id').execute();
      expect(builds.map(({ planned }) => planned)).toEqual([1, 0]);
      const deployments = await store.db
        .selectFrom('deployment')
        .select(['id', 'workflow_id'])
        .orderBy('id')
        .execute();
      expect(deployments.map(({ workflow_id }) => workflow_id)).toEqual(['wfl_1', null]);
      const context = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
      const view = await readBuild(store.db, 'bld_1', context);
      expect(view?.pushed).toMatchObject({ repository: 'registry.test:5000/shop/web', tags: ['main'] });
      expect(view?.workflows).toMatchObject([{ id: 'wfl_1', matrix: null, dependsOn: [] }]);
    } finally {
      await store.close();
    }
  });
});
