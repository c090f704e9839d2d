import { applySlotAction } from '../core/slots.ts';
import type { Store, Tx } from '../store/store.ts';
import { readSlots, writeSlots } from './environments.ts';
import { loseLease } from './lose-lease.ts';
import { busyEnvironments } from './router-record.ts';
import { settleEnvironment } from './settle-environment.ts';

/** Ends the leases whose time is over; each in a transaction that looks again. */
export async function expireLeases(store: Store, now: number): Promise<void> {
  const over = await store.db
    .selectFrom('lease')
    .select('id')
    .where('ended_at', 'is', null)
    .where('ends_at', '<', now)
    .execute();
  for (const { id } of over)
    await store.transaction(async (tx) => {
      const lease = await tx.db
        .selectFrom('lease')
        .selectAll()
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .where('ends_at', '<', now)
        .executeTakeFirst();
      if (lease !== undefined) await loseLease(tx, lease, 'no heartbeat', now);
    });
}

/** Ends standbys whose time is over, in the record; the router's worker then stops what the record does not name. */
export async function expireStandbys(store: Store, now: number): Promise<void> {
  const over = await store.db
    .selectFrom('slot')
    .select('environment_id')
    .where('role', '=', 'standby')
    .where('standby_until', '<=', now)
    .execute();
  for (const { environment_id } of over)
    await store.transaction((tx) => expireStandby(tx, environment_id, now));
}

async function expireStandby(tx: Tx, environmentId: string, now: number): Promise<void> {
  if ((await busyEnvironments(tx)).has(environmentId)) return;
  const before = await readSlots(tx, environmentId);
  const after = applySlotAction(before, { type: 'expire', nowMs: now });
  await writeSlots(tx, environmentId, { before, after, at: now });
  await tx.db
    .updateTable('environment')
    .set((eb) => ({ fence: eb('fence', '+', 1), version: eb('version', '+', 1) }))
    .where('id', '=', environmentId)
    .execute();
}

/** Looks again at every environment with deployments that wait. */
export async function settleAll(store: Store, now: number): Promise<void> {
  const rows = await store.db
    .selectFrom('deployment')
    .select('environment_id')
    .where('status', 'in', ['pending', 'running'])
    .distinct()
    .execute();
  for (const { environment_id } of rows)
    await store.transaction((tx) => settleEnvironment(tx, environment_id, now));
}
