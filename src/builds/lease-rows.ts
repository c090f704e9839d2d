import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Selectable } from 'kysely';
import { TIMES } from '../../config/times.ts';
import { newId } from '../core/id.ts';
import { Problem } from '../core/problem.ts';
import type { LeaseTable } from '../store/schema.ts';
import type { Reading, Tx } from '../store/store.ts';
import { recordEvent } from './record-event.ts';

export type LeaseRow = Selectable<LeaseTable>;

export interface LeaseRequest {
  readonly subject: {
    readonly kind: 'workflow' | 'deployment';
    readonly id: string;
    readonly attempt: number;
  };
  readonly workerId: string;
  readonly workerInstance: string;
  /** The worker's own token. */
  readonly bearer: string;
  readonly buildId: string | null;
  readonly at: number;
}

/** A lease's token follows from its id and the worker's token, so that a claim whose answer was lost gets the same again. */
export function leaseToken(bearer: string, leaseId: string): string {
  return createHmac('sha256', bearer).update(leaseId).digest('base64url');
}

/** Grants a lease; its fence is above every earlier one's. */
export async function grantLease(tx: Tx, request: LeaseRequest): Promise<LeaseRow> {
  const { subject, at } = request;
  const highest = await tx.db
    .selectFrom('lease')
    .select((eb) => eb.fn.max('fence').as('fence'))
    .executeTakeFirst();
  const id = newId('lea', at);
  const row = await tx.db
    .insertInto('lease')
    .values({
      id,
      subject_kind: subject.kind,
      subject_id: subject.id,
      attempt: subject.attempt,
      worker_id: request.workerId,
      worker_instance: request.workerInstance,
      token_hash: hash(leaseToken(request.bearer, id)),
      fence: (highest?.fence ?? 0) + 1,
      granted_at: at,
      ends_at: at + TIMES.lease,
      ended_at: null,
      end_reason: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await recordEvent(tx, {
    at,
    subject: 'lease',
    subjectId: subject.id,
    buildId: request.buildId,
    type: 'lease.granted',
    detail: { lease: id, worker: request.workerId, attempt: subject.attempt, fence: row.fence },
  });
  tx.changed('lease', id);
  return row;
}

/** The lease that holds for a subject, or undefined. */
export async function openLeaseOf(tx: Reading, subjectId: string): Promise<LeaseRow | undefined> {
  return tx.db
    .selectFrom('lease')
    .selectAll()
    .where('subject_id', '=', subjectId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
}

/**
 * The fence check: every write under a lease begins with it, in its own transaction.
 * @throws Problem `lease_lost` when the lease has ended.
 */
export async function demandLease(tx: Reading, leaseId: string): Promise<LeaseRow> {
  const row = await tx.db.selectFrom('lease').selectAll().where('id', '=', leaseId).executeTakeFirst();
  if (row === undefined) throw new Problem('lease_lost', { lease: leaseId, cause: 'it is not known' });
  if (row.ended_at !== null)
    throw new Problem('lease_lost', { lease: leaseId, cause: row.end_reason ?? 'it has ended' });
  return row;
}

/** Whether the token is this lease's, in constant time. */
export function isLeaseToken(lease: LeaseRow, token: string): boolean {
  return timingSafeEqual(Buffer.from(hash(token)), Buffer.from(lease.token_hash));
}

/** Why a lease ended whose work did; every other reason is a loss. */
export const FINISHED = 'its work has ended';

/** How many of a subject's leases were lost. Its attempt tells another number: work that was undone begins again, too. */
export async function countLost(tx: Reading, subjectId: string): Promise<number> {
  const { count } = await tx.db
    .selectFrom('lease')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('subject_id', '=', subjectId)
    .where('ended_at', 'is not', null)
    .where('end_reason', '!=', FINISHED)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function closeLease(tx: Tx, lease: LeaseRow, reason: string, at: number): Promise<void> {
  await tx.db
    .updateTable('lease')
    .set((eb) => ({ ended_at: at, end_reason: reason, version: eb('version', '+', 1) }))
    .where('id', '=', lease.id)
    .execute();
  await recordEvent(tx, {
    at,
    subject: 'lease',
    subjectId: lease.subject_id,
    buildId: null,
    type: 'lease.ended',
    detail: { lease: lease.id, reason },
  });
  tx.changed('lease', lease.id);
  tx.changed('queue', lease.subject_id);
}

/** Makes the holder of the subject's lease read its signals again. */
export async function bumpSignals(tx: Tx, subjectId: string): Promise<void> {
  const rows = await tx.db
    .updateTable('lease')
    .set((eb) => ({ signals: eb('signals', '+', 1) }))
    .where('subject_id', '=', subjectId)
    .where('ended_at', 'is', null)
    .returning('id')
    .execute();
  for (const row of rows) tx.changed('lease', row.id);
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
