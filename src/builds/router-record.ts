import { Problem } from '../core/problem.ts';
import type { RouterRecord } from '../core/work.ts';
import type { RouterEventsRequest } from '../protocol/worker.ts';
import type { Reading, Tx } from '../store/store.ts';
import type { KnownWorker } from './builds.ts';
import { deployedEnvironment } from './claim-deployment.ts';
import { readSlots } from './environments.ts';
import { readRemovals } from './remove-environment.ts';
import { unusedImages } from './unused-images.ts';

/** @throws Problem `not_allowed` when the worker has not registered with that router. */
export function demandRouter(worker: KnownWorker, router: string): void {
  if (!worker.routers.includes(router)) throw new Problem('not_allowed');
}

/** Everything that a router must serve, by the record. */
export async function readRouterRecord(reading: Reading, router: string): Promise<RouterRecord> {
  const rows = await reading.db
    .selectFrom('environment')
    .select('id')
    .where('router', '=', router)
    .where('removing_at', 'is', null)
    .orderBy('backend')
    .execute();
  const busy = await busyEnvironments(reading);
  const environments = [];
  for (const { id } of rows)
    environments.push({
      ...(await deployedEnvironment(reading, id)),
      slots: await readSlots(reading, id),
      busy: busy.has(id),
    });
  const removals = await readRemovals(reading, router);
  const [ids, gone] = [rows.map(({ id }) => id), removals.map(({ environmentId }) => environmentId)];
  return { environments, removals, unusedImages: await unusedImages(reading, ids, gone) };
}

/** Environments of which a deployment is claimed. */
export async function busyEnvironments(reading: Reading): Promise<ReadonlySet<string>> {
  const rows = await reading.db
    .selectFrom('deployment')
    .select('environment_id')
    .where('status', '=', 'running')
    .execute();
  return new Set(rows.map((row) => row.environment_id));
}

/** Keeps what a router did by itself in its environments' histories, each event once. */
export async function keepRouterEvents(
  tx: Tx,
  router: string,
  { events }: RouterEventsRequest,
): Promise<void> {
  const rows = await tx.db.selectFrom('environment').select('id').where('router', '=', router).execute();
  const own = new Set(rows.map((row) => row.id));
  for (const event of events.filter(({ environmentId }) => own.has(environmentId))) {
    await tx.db
      .insertInto('event')
      .values({
        id: `router:${router}:${event.id}`,
        at: event.atMs,
        subject_kind: 'environment',
        subject_id: event.environmentId,
        build_id: null,
        type: `router.${event.type}`,
        detail_json: JSON.stringify({ deploymentId: event.deploymentId, requests: event.requests }),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
    tx.changed('environment', event.environmentId);
  }
}

/** Of the logs named, those of apps that this router's environments run or ran. */
export async function appLogsOf(
  reading: Reading,
  router: string,
  logIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const ids = logIds.filter((id) => id.startsWith('app_')).map((id) => id.slice('app_'.length));
  if (ids.length === 0) return new Set();
  const rows = await reading.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .select('deployment.id')
    .where('deployment.id', 'in', ids)
    .where('environment.router', '=', router)
    .execute();
  return new Set(rows.map((row) => `app_${row.id}`));
}
