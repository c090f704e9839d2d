import { afterEach, expect, it } from 'vitest';
import { endRemovals } from '../../src/builds/remove-environment.ts';
import { Problem } from '../../src/core/problem.ts';
import { readEnvironment } from '../../src/store/read/environments.ts';
import {
  deployOf,
  makeRecord,
  planOf,
  prepare,
  runWorkflow,
  switchOver,
  type TestRecord,
  type TestWorker,
} from '../support/record.ts';
import { onEachDatabase } from './each-database.ts';

const CONTEXT = { waitingOf: () => null, waitingFor: () => null, urlOf: (host: string) => host };
const volume = (name: string) => ({ name, path: `/${name}` });

let record: TestRecord;
let ada: TestWorker;
let project: string;
afterEach(() => record.close());

async function begin(target: string): Promise<void> {
  record = await makeRecord(target);
  ada = await record.worker('ada', { capacity: 9 });
  project = await record.project();
}

/** A build whose deployment waits for its turn; `environment` is that of the one before, or new. */
async function built(name = 'production') {
  const deploys = [deployOf(name, { volumes: [volume('uploads'), volume('cache')] })];
  const { buildId } = await record.build(project, { plan: planOf({ deploys }) });
  await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
  const { environment_id } = await record.store.db
    .selectFrom('deployment')
    .select('environment_id')
    .where('build_id', '=', buildId)
    .executeTakeFirstOrThrow();
  return { buildId, deployment: await record.deploymentOf(buildId), environment: environment_id };
}

async function live(name?: string) {
  const made = await built(name);
  const lease = await ada.claimDeployment(made.deployment);
  await prepare(lease);
  await switchOver(lease);
  return made;
}

const effectsDone = () =>
  record.store.transaction((tx) => tx.db.updateTable('outbox').set({ state: 'done' }).execute());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no problem',
    (error: unknown) => (error instanceof Problem ? error.code : error),
  );

const rowsOf = async (environment: string) => {
  const { db } = record.store;
  const rows = await Promise.all([
    db.selectFrom('environment').select('id').where('id', '=', environment).execute(),
    ...(['slot', 'deployment', 'release'] as const).map((table) =>
      db.selectFrom(table).select('id').where('environment_id', '=', environment).execute(),
    ),
  ]);
  return rows.flat().length;
};

const removed = (environment: string, volumes: string[] = [], router?: string) =>
  record.builds.routerRemoved(ada.known, router ?? ada.known.routers[0] ?? '', {
    environments: [{ id: environment, volumes }],
  });
const waitsFor = async (environment: string) =>
  (await readEnvironment(record.store.db, environment, CONTEXT))?.removalWaitsFor;
const recorded = () => record.builds.routerRecord(ada.known, ada.known.routers[0] ?? '');

onEachDatabase((target) => {
  it('records the removal before it is done, and forgets the environment once its router has nothing of it', async () => {
    await begin(await target());
    const other = await live('staging');
    const first = await live();
    const waiting = await built();
    const { environment } = first;
    await record.builds.removeEnvironment(environment, ['uploads']);
    expect(await record.statusOf('deployment', waiting.deployment)).toBe('cancelled');
    const wanted = { environmentId: environment, name: 'production', projectPath: 'shop/web' };
    const { environments, removals, unusedImages } = await recorded();
    expect(environments.map(({ id }) => id)).toEqual([other.environment]);
    expect(removals).toEqual([{ ...wanted, volumes: ['uploads'] }]);
    // Both environments run the one image: it stays for the other.
    expect(unusedImages).toEqual([]);
    const view = await readEnvironment(record.store.db, environment, CONTEXT);
    expect(view).toMatchObject({
      live: null,
      volumes: ['cache', 'uploads'],
      removingSinceMs: record.clock.now,
    });
    expect(view?.slots.map(({ role }) => role)).toEqual(['empty', 'empty', 'empty']);

    await effectsDone();
    expect(await removed(other.environment)).toEqual({ forgotten: [] });
    expect(await removed(environment, ['uploads'])).toEqual({ forgotten: [environment] });
    // Its answer may have been lost.
    expect(await removed(environment, ['uploads'])).toEqual({ forgotten: [environment] });
    expect(await rowsOf(environment)).toBe(0);
    expect(await rowsOf(other.environment)).toBeGreaterThan(4);
    expect((await recorded()).removals).toEqual([]);
    expect(await record.statusOf('build', first.buildId)).toBe('success');
    const again = await live();
    expect(again.environment).not.toBe(environment);
  });

  it('is refused while a deployment runs, and for a volume that it has not; nothing changes', async () => {
    await begin(await target());
    await live();
    const { deployment, environment } = await built();
    const lease = await ada.claimDeployment(deployment);
    await prepare(lease);
    const before = await readEnvironment(record.store.db, environment, CONTEXT);
    await expect(record.builds.removeEnvironment(environment, [])).rejects.toMatchObject({
      code: 'environment_busy',
      message: `The environment shop/web:production is being deployed to: deployment ${deployment} is prepared.`,
    });
    await switchOver(lease);
    const wrong = record.builds.removeEnvironment(environment, ['cache', 'upload']);
    await expect(wrong).rejects.toThrow('upload is no volume of it; it has cache, uploads');
    expect(await codeOf(record.builds.removeEnvironment('env_none', []))).toBe('not_found');
    const after = await readEnvironment(record.store.db, environment, CONTEXT);
    expect(after).toMatchObject({
      removingSinceMs: null,
      slots: [{ role: 'standby' }, { role: 'live' }, {}],
    });
    expect(before?.slots[2]).toEqual(after?.slots[2]);
  });

  it("says what a removal waits for, to the pages once, and of nothing that stays or is another router's", async () => {
    await begin(await target());
    const other = await live('staging');
    const { environment } = await live();
    const told: string[] = [];
    const says = (cause: string, router = ada.known.routers[0] ?? '') =>
      record.builds.routerRemoved(ada.known, router, {
        environments: [],
        waiting: [environment, other.environment].map((id) => ({ id, for: cause })),
      });
    await says('a container of it');
    expect(await waitsFor(environment)).toBeNull();
    await record.builds.removeEnvironment(environment, []);
    expect(await waitsFor(environment)).toBeNull();
    record.store.onChange(({ kind, id }) => {
      if (kind === 'environment') told.push(id);
    });
    await says('a container of it');
    await says('a container of it');
    expect(told).toEqual([environment]);
    await says('the router, which still has it');
    expect(await waitsFor(environment)).toBe('the router, which still has it');
    expect(await waitsFor(other.environment)).toBeNull();
    expect(told).toEqual([environment, environment]);
    expect(await codeOf(says('nothing', 'other'))).toBe('not_allowed');
  });

  it('takes nothing new in meanwhile, and waits for effects that are still to be done', async () => {
    await begin(await target());
    const { environment, deployment } = await live();
    await effectsDone();
    await record.builds.removeEnvironment(environment, []);
    expect(await codeOf(record.builds.rollBack(environment, deployment))).toBe('environment_removing');
    const late = await record.build(project, { plan: planOf({ deploys: [deployOf('production')] }) });
    expect(await record.statusOf('build', late.buildId)).toBe('error');
    await record.store.transaction((tx) =>
      tx.db
        .insertInto('outbox')
        .values({
          ...{ id: 'fx_late', key: 'late', subject_id: deployment, kind: 'commit-status', target: 't' },
          ...{ payload_json: '{}', state: 'pending', next_at: 0, result: null, lease_id: null },
          ...{ created_at: 0, finished_at: null },
        })
        .execute(),
    );
    expect(await removed(environment)).toEqual({ forgotten: [] });
    expect(await rowsOf(environment)).toBeGreaterThan(0);
    expect(await waitsFor(environment)).toBe('what its deployments have to tell the Git host');
    await effectsDone();
    // A volume that was named after the worker had read what goes.
    await record.builds.removeEnvironment(environment, ['cache']);
    await removed(environment);
    expect(await rowsOf(environment)).toBeGreaterThan(0);
    await removed(environment, ['cache']);
    expect(await rowsOf(environment)).toBe(0);
  });

  it('goes in several transactions, and on where it was cut short, with all that is recorded of it', async () => {
    await begin(await target());
    const { environment, deployment } = await live();
    await effectsDone();
    await record.store.transaction(async ({ db }) => {
      const row = await db
        .selectFrom('deployment')
        .selectAll()
        .where('id', '=', deployment)
        .executeTakeFirst();
      const ids = Array.from({ length: 450 }, (_, index) => `dep_more_${index}`);
      if (row === undefined) throw new Error('no deployment');
      await db
        .insertInto('deployment')
        .values(ids.slice(0, 225).map((id) => ({ ...row, id })))
        .execute();
      await db
        .insertInto('deployment')
        .values(ids.slice(225).map((id) => ({ ...row, id })))
        .execute();
      await db
        .insertInto('event')
        .values(
          [...ids, ...ids.map(() => environment)].map((subject, index) => ({
            ...{ id: `evt_more_${index}`, at: 0, subject_kind: 'deployment' as const, subject_id: subject },
            ...{ build_id: null, type: 'deployment.created', detail_json: '{}' },
          })),
        )
        .execute();
    });
    await record.builds.removeEnvironment(environment, []);
    const { store } = record;
    let left = 2;
    const cut = {
      ...store,
      transaction: (act: Parameters<typeof store.transaction>[0]) => {
        if (left === 0) throw new Error('killed');
        left -= 1;
        return store.transaction(act);
      },
    } as typeof store;
    const router = ada.known.routers[0] ?? '';
    await expect(endRemovals(cut, router, [{ id: environment, volumes: [] }])).rejects.toThrow('killed');
    const deployments = () =>
      store.db.selectFrom('deployment').select('id').where('environment_id', '=', environment).execute();
    const between = (await deployments()).length;
    expect(between).toBeGreaterThan(0);
    expect(between).toBeLessThan(451);
    expect((await recorded()).removals).toHaveLength(1);
    expect(await removed(environment)).toEqual({ forgotten: [environment] });
    expect(await rowsOf(environment)).toBe(0);
    const events = await store.db.selectFrom('event').select('subject_id').execute();
    const stray = events.filter(({ subject_id: id }) => id === environment || id.startsWith('dep_'));
    expect(stray).toEqual([]);
  });

  it('knows every volume that it had, also of deployments that are not recorded any more', async () => {
    await begin(await target());
    const { environment } = await live();
    const volumes = async () => (await readEnvironment(record.store.db, environment, CONTEXT))?.volumes;
    const write = (values: { volumes_json: string | null }) =>
      record.store.transaction(({ db }) => db.updateTable('environment').set(values).execute());
    // As one from before they were written down.
    await write({ volumes_json: null });
    expect(await volumes()).toEqual(['cache', 'uploads']);
    await write({ volumes_json: '["old"]' });
    const { deployment } = await built();
    expect(await volumes()).toEqual(['cache', 'old', 'uploads']);
    await record.builds.cancelDeployment(deployment, 'no more');
    await record.store.transaction(({ db }) => db.deleteFrom('deployment').execute());
    expect(await volumes()).toEqual(['cache', 'old', 'uploads']);
    await record.builds.removeEnvironment(environment, ['old', 'uploads']);
    expect((await recorded()).removals).toMatchObject([{ volumes: ['old', 'uploads'] }]);
  });

  it('is told by the worker of its router alone', async () => {
    await begin(await target());
    const { environment } = await live();
    await effectsDone();
    await record.builds.removeEnvironment(environment, []);
    expect(await codeOf(removed(environment, [], 'elsewhere'))).toBe('not_allowed');
    expect(await rowsOf(environment)).toBeGreaterThan(0);
  });
});
