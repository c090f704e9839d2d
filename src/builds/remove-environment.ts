import { Problem } from '../core/problem.ts';
import { applySlotAction } from '../core/slots.ts';
import { environmentVolumes } from '../store/read/environment-volumes.ts';
import type { Reading, Store, Tx } from '../store/store.ts';
import type { RouterRemoval } from '../core/work.ts';
import { readSlots, writeSlots } from './environments.ts';
import { recordEvent } from './record-event.ts';
import { transition } from './transition.ts';

/**
 * Records that an environment goes, before anything of it does: from now on nothing is deployed to it, and its router
 * has no use for it. Asked again, it may name further volumes. See `Builds.removeEnvironment`.
 */
export async function beginRemoval(
  tx: Tx,
  environmentId: string,
  { volumes, at }: { readonly volumes: readonly string[]; readonly at: number },
): Promise<void> {
  const environment = await tx.db
    .selectFrom('environment')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select([
      'environment.name',
      'environment.removing_at',
      'environment.removing_volumes_json',
      'project.path',
    ])
    .where('environment.id', '=', environmentId)
    .executeTakeFirst();
  if (environment === undefined) throw new Problem('not_found', { what: 'environment', id: environmentId });
  const name = `${environment.path}:${environment.name}`;
  await demandVolumes(tx, environmentId, volumes);
  await demandNoDeployment(tx, environmentId, name);
  await cancelWaiting(tx, environmentId, at);
  const before = await readSlots(tx, environmentId);
  await writeSlots(tx, environmentId, { before, after: applySlotAction(before, { type: 'remove' }), at });
  const wanted = new Set([...namesIn(environment.removing_volumes_json), ...volumes]);
  await tx.db
    .updateTable('environment')
    .set((eb) => ({
      removing_at: environment.removing_at ?? at,
      removing_volumes_json: JSON.stringify([...wanted]),
      fence: eb('fence', '+', 1),
      version: eb('version', '+', 1),
    }))
    .where('id', '=', environmentId)
    .execute();
  await recordEvent(tx, {
    ...{ at, subject: 'environment', subjectId: environmentId, buildId: null },
    type: 'environment.removing',
    detail: { volumes },
  });
  tx.changed('environment', environmentId);
  // The dispatcher wakes the worker of its router.
  tx.changed('queue', environmentId);
}

async function demandVolumes(tx: Tx, environmentId: string, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return;
  const known = await environmentVolumes(tx.db, environmentId);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const cause = `${unknown} is no volume of it; it has ${known.length === 0 ? 'none' : known.join(', ')}`;
  throw new Problem('request_wrong', { field: 'volumes', cause });
}

async function demandNoDeployment(tx: Tx, environmentId: string, environment: string): Promise<void> {
  const running = await tx.db
    .selectFrom('deployment')
    .select(['id', 'phase'])
    .where('environment_id', '=', environmentId)
    .where('status', '=', 'running')
    .executeTakeFirst();
  if (running !== undefined)
    throw new Problem('environment_busy', { environment, deployment: running.id, phase: running.phase });
}

async function cancelWaiting(tx: Tx, environmentId: string, at: number): Promise<void> {
  const waiting = await tx.db
    .selectFrom('deployment')
    .select(['id', 'build_id'])
    .where('environment_id', '=', environmentId)
    .where('status', 'in', ['pending', 'blocked'])
    .execute();
  const reason = 'its environment is being removed';
  for (const { id, build_id: buildId } of waiting)
    await transition(tx, {
      ...{ table: 'deployment', id, buildId, to: 'cancelled', reason, at },
      set: { finished_at: at },
    });
}

/** The removals that a router's worker has to do, the oldest first. */
export async function readRemovals({ db }: Reading, router: string): Promise<readonly RouterRemoval[]> {
  const rows = await db
    .selectFrom('environment')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select(['environment.id', 'environment.name', 'environment.removing_volumes_json', 'project.path'])
    .where('environment.router', '=', router)
    .where('environment.removing_at', 'is not', null)
    .orderBy('environment.removing_at')
    .execute();
  return rows.map(({ id, name, path, removing_volumes_json }) => ({
    environmentId: id,
    name,
    projectPath: path,
    volumes: namesIn(removing_volumes_json),
  }));
}

/** Keeps what removals wait for, each told to the pages when it is another than before. */
export async function keepWaits(
  tx: Tx,
  router: string,
  waits: readonly { readonly id: string; readonly for: string }[],
): Promise<void> {
  for (const wait of waits) {
    const { numUpdatedRows } = await tx.db
      .updateTable('environment')
      .set({ removal_waits_for: wait.for })
      .where('id', '=', wait.id)
      .where('router', '=', router)
      .where('removing_at', 'is not', null)
      .where((eb) => eb.or([eb('removal_waits_for', 'is', null), eb('removal_waits_for', '<>', wait.for)]))
      .executeTakeFirst();
    if (numUpdatedRows > 0n) tx.changed('environment', wait.id);
  }
}

/** Rows of each kind in one transaction: a removal holds up no other writer for long. */
const BATCH = 200;

/**
 * Forgets environments of which the router's worker says that nothing is left, with their deployments and releases, some
 * in a transaction and the environment last: what was cut short goes on when the worker says it again. One of which an
 * effect is still to be done stays until that is over, and one that is not to be removed stays as it is. The audit log
 * keeps its entries. Returns the ids of those of which nothing is recorded any more.
 */
export async function endRemovals(
  store: Store,
  router: string,
  removed: RemovedEnvironments,
): Promise<readonly string[]> {
  const forgotten: string[] = [];
  for (const environment of removed) {
    let state: 'more' | 'gone' | 'stays' = 'more';
    while (state === 'more') state = await store.transaction((tx) => forgetSome(tx, router, environment));
    if (state === 'gone') forgotten.push(environment.id);
  }
  return forgotten;
}

export type RemovedEnvironments = readonly { readonly id: string; readonly volumes: readonly string[] }[];

async function forgetSome(
  tx: Tx,
  router: string,
  { id, volumes }: RemovedEnvironments[number],
): Promise<'more' | 'gone' | 'stays'> {
  const row = await tx.db
    .selectFrom('environment')
    .select(['project_id', 'router', 'removing_at', 'removing_volumes_json'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return 'gone';
  if (row.router !== router || row.removing_at === null) return 'stays';
  // Further volumes may have been named since the worker read what to remove.
  if (namesIn(row.removing_volumes_json).some((name) => !volumes.includes(name))) return 'stays';
  if (await hasEffects(tx, id)) {
    await keepWaits(tx, router, [{ id, for: 'what its deployments have to tell the Git host' }]);
    return 'stays';
  }
  if ((await forgetDeployments(tx, id)) || (await forgetEvents(tx, id)) || (await forgetReleases(tx, id)))
    return 'more';
  await tx.db.deleteFrom('slot').where('environment_id', '=', id).execute();
  await tx.db.deleteFrom('environment').where('id', '=', id).execute();
  tx.changed('environment', id);
  tx.changed('project', row.project_id);
  return 'gone';
}

async function hasEffects({ db }: Tx, environmentId: string): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .innerJoin('deployment', 'deployment.id', 'outbox.subject_id')
    .select('outbox.id')
    .where('outbox.state', '=', 'pending')
    .where('deployment.environment_id', '=', environmentId)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether there were some. */
async function forgetDeployments({ db }: Tx, environmentId: string): Promise<boolean> {
  const rows = await db
    .selectFrom('deployment')
    .select('id')
    .where('environment_id', '=', environmentId)
    .limit(BATCH)
    .execute();
  if (rows.length === 0) return false;
  const ids = rows.map(({ id }) => id);
  await db.deleteFrom('outbox').where('subject_id', 'in', ids).execute();
  // The newest of all stays: fencing tokens go on from it.
  await db
    .deleteFrom('lease')
    .where('subject_id', 'in', ids)
    .where('fence', '<', (eb) =>
      eb.selectFrom('lease as newest').select(({ fn }) => fn.max<number>('newest.fence').as('fence')),
    )
    .execute();
  await db.deleteFrom('event').where('subject_id', 'in', ids).execute();
  await db.deleteFrom('deployment').where('id', 'in', ids).execute();
  return true;
}

/** Whether there were some; those of its own. */
async function forgetEvents({ db }: Tx, environmentId: string): Promise<boolean> {
  const rows = await db
    .selectFrom('event')
    .select('id')
    .where('subject_id', '=', environmentId)
    .limit(BATCH)
    .execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.deleteFrom('event').where('id', 'in', ids).execute();
  return ids.length > 0;
}

/** Whether there were some. */
async function forgetReleases({ db }: Tx, environmentId: string): Promise<boolean> {
  const rows = await db
    .selectFrom('release')
    .select('id')
    .where('environment_id', '=', environmentId)
    .limit(BATCH)
    .execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await db.deleteFrom('release').where('id', 'in', ids).execute();
  return ids.length > 0;
}

function namesIn(json: string | null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as string[]);
}
