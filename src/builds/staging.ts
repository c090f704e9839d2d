import { TIMES } from '../../config/times.ts';
import { pushTarget } from '../core/image-name.ts';
import type { Plan } from '../core/plan.ts';
import { stagingRepository } from '../core/staging.ts';
import type { Reading, Store, Tx } from '../store/store.ts';
import type { BuildsDeps } from './deps.ts';
import { insertEffect } from './insert-effect.ts';
import type { LeaseRow } from './lease-rows.ts';

/** Records where the holder of a workflow's lease may stage its image, in the transaction that grants the lease. */
export async function recordStaging(
  { registry }: BuildsDeps,
  tx: Tx,
  { leaseId, workflowId, buildId }: { leaseId: string; workflowId: string; buildId: string },
): Promise<void> {
  const { plan_json } = await tx.db
    .selectFrom('workflow')
    .select('plan_json')
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const plan = JSON.parse(plan_json) as Plan;
  const target = plan.image === null ? null : pushTarget(plan.push, registry);
  if (target === null) return;
  const repository = `${target.host}/${stagingRepository(target.repository)}`;
  await tx.db.insertInto('staging').values({ lease_id: leaseId, build_id: buildId, repository }).execute();
}

/**
 * Has what was staged under a lease cleared away, now that the lease is over. The engine of a holder that was `lost`
 * may still be pushing: it is looked for once more when that has ended, too.
 */
export async function clearStagingOf(
  tx: Tx,
  lease: LeaseRow,
  holder: 'finished' | 'lost',
  at: number,
): Promise<void> {
  const staging = await tx.db
    .selectFrom('staging')
    .selectAll()
    .where('lease_id', '=', lease.id)
    .executeTakeFirst();
  if (staging === undefined) return;
  const { repository, build_id: subjectId } = staging;
  const effect = { kind: 'clear-staging', subjectId, payload: { repository }, at };
  const key = `clear-staging:${lease.id}`;
  await insertEffect(tx, { ...effect, key, target: repository });
  if (holder === 'finished') return;
  // Under a target of its own: what is due at once does not wait for it.
  const late = { key: `${key}:late`, target: `${repository} late`, dueAt: at + TIMES.lateStaging };
  await insertEffect(tx, { ...effect, ...late });
}

/** A staging repository was cleared: nothing of leases that are over is there. */
export async function stagingCleared(tx: Tx, repository: string): Promise<void> {
  await tx.db
    .deleteFrom('staging')
    .where('repository', '=', repository)
    .where('lease_id', 'in', (eb) => eb.selectFrom('lease').select('id').where('ended_at', 'is not', null))
    .execute();
}

/** Of these texts, those that are ids of leases which have ended. */
export function endedLeases(store: Store): (ids: readonly string[]) => Promise<ReadonlySet<string>> {
  return async (ids) => {
    const ended = new Set<string>();
    for (let start = 0; start < ids.length; start += MOST_IDS)
      for (const id of await endedOf(store, ids.slice(start, start + MOST_IDS))) ended.add(id);
    return ended;
  };
}

/** In one query. */
const MOST_IDS = 500;

async function endedOf({ db }: Reading, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('lease')
    .select('id')
    .where('id', 'in', ids)
    .where('ended_at', 'is not', null)
    .execute();
  return rows.map(({ id }) => id);
}
