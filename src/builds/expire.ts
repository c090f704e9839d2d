import { TIMES } from '../../config/times.ts';
import type { BadEnd } from '../core/end.ts';
import type { WorkflowRepeat } from '../core/repeat.ts';
import { applySlotAction } from '../core/slots.ts';
import type { Reading, Store, Tx } from '../store/store.ts';
import { endWorkflow } from './end-workflow.ts';
import { readSlots, writeSlots } from './environments.ts';
import { stillKept } from './kept-image.ts';
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

type OnError = (error: unknown) => void;

/** One that cannot be dealt with is told of, and holds up none of the others. */
async function forEach<T>(
  rows: readonly T[],
  onError: OnError,
  work: (row: T) => Promise<void>,
): Promise<void> {
  for (const row of rows) await work(row).catch(onError);
}

/** Ends standbys whose time is over, in the record; the router's worker then stops what the record does not name. */
export async function expireStandbys(store: Store, now: number, onError: OnError): Promise<void> {
  const over = await store.db
    .selectFrom('slot')
    .select('environment_id')
    .where('role', '=', 'standby')
    .where('standby_until', '<=', now)
    .execute();
  await forEach(over, onError, ({ environment_id }) =>
    store.transaction((tx) => expireStandby(tx, environment_id, now)),
  );
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

/**
 * Ends the workflows that wait to run again in an image that no worker keeps any more: they would wait for ever. One that is
 * placed is left to its worker, which looks whether it has the image, for as long as that has to claim it.
 */
export async function endWithoutImage(store: Store, now: number, onError: OnError): Promise<void> {
  await forEach(await repeatsThatWait(store).execute(), onError, ({ id }) =>
    store.transaction(async (tx) => {
      const row = await repeatsThatWait(tx).where('workflow.id', '=', id).executeTakeFirst();
      const repeat = JSON.parse(row?.repeat_json ?? 'null') as WorkflowRepeat | null;
      if (row === undefined || repeat === null || typeof repeat.image === 'string') return;
      const cause = await stillKept(tx, repeat.image, row.worker_id === null ? now : now - TIMES.placement);
      if (typeof cause !== 'string') return;
      const reason = `its image is not there any more: ${cause}; re-run all of build #${repeat.of}, which builds it again`;
      const end = { status: 'error', reason, code: 'image_not_kept' } as const satisfies BadEnd;
      await endWorkflow(tx, { workflowId: id, buildId: row.build_id, ...end, at: now, running: end });
    }),
  );
}

function repeatsThatWait({ db }: Reading) {
  return db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select(['workflow.id', 'workflow.build_id', 'workflow.repeat_json', 'workflow.worker_id'])
    .where('workflow.status', '=', 'pending')
    .where('workflow.repeat_json', 'is not', null)
    .where('build.status', 'in', ['pending', 'running'])
    .where('build.cancel_requested', 'is', null);
}

/** Looks again at every environment with deployments that wait. */
export async function settleAll(store: Store, now: number, onError: OnError): Promise<void> {
  const rows = await store.db
    .selectFrom('deployment')
    .select('environment_id')
    .where('status', 'in', ['pending', 'running'])
    .distinct()
    .execute();
  await forEach(rows, onError, ({ environment_id }) =>
    store.transaction((tx) => settleEnvironment(tx, environment_id, now)),
  );
}
