import type { Updateable } from 'kysely';
import { mayBecome } from '../core/status.ts';
import type { Status } from '../core/status.ts';
import type { Database } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { recordEvent } from './record-event.ts';
import { traceBuild, traceDeployment } from './insert-trace.ts';
import { notifyBuild, notifyDeployment } from './insert-notifications.ts';
import { tellBuild, tellDeployment, tellTests } from './tell-host.ts';

/** The tables whose rows have a status. */
export type StatusTable = 'build' | 'workflow' | 'step' | 'step_attempt' | 'deployment';

export interface Transition<T extends StatusTable> {
  readonly table: T;
  readonly id: string;
  /** For the change feed and the history; null for a deployment without a build. */
  readonly buildId: string | null;
  readonly to: Status;
  /** One sentence for a person; null for none. */
  readonly reason: string | null;
  /** Of the catalogue, see `core/end.ts`; absent, or null: none. */
  readonly code?: string | null | undefined;
  readonly at: number;
  /** Other columns that change with it. */
  readonly set?: Omit<Updateable<Database[T]>, 'id' | 'status' | 'reason' | 'code' | 'version'> | undefined;
}

/**
 * Changes one status, by the table of `core/status.ts`, with its event and what Git host, notification targets and the
 * collector of traces are told of it. Nothing else in Slipway does.
 * @returns false, having changed nothing, when the row's status may not become `to`.
 */
export async function transition<T extends StatusTable>(tx: Tx, change: Transition<T>): Promise<boolean> {
  const { id, buildId, to, reason, code = null, at } = change;
  // The five tables share the columns named here; Kysely cannot say that of a union.
  const table = change.table as 'build';
  const row = await tx.db.selectFrom(table).select('status').where('id', '=', id).executeTakeFirst();
  if (row === undefined || !mayBecome(row.status, to)) return false;
  await tx.db
    .updateTable(table)
    .set((eb) => ({
      ...(change.set ?? {}),
      // The one place that may: the column's type admits no update.
      ...({ status: to } as object),
      reason,
      code,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', id)
    .execute();
  await recordEvent(tx, {
    at,
    subject: change.table,
    subjectId: id,
    buildId,
    type: `${change.table}.${to}`,
    detail: { from: row.status, reason },
  });
  if (change.table === 'build') await tellBuild(tx, id, at);
  if (change.table === 'build') await tellTests(tx, id, to, at);
  if (change.table === 'deployment') await tellDeployment(tx, id, at);
  if (change.table === 'build') await notifyBuild(tx, id, to, at);
  if (change.table === 'deployment') await notifyDeployment(tx, id, to, at);
  if (change.table === 'build') await traceBuild(tx, id, to, at);
  if (change.table === 'deployment') await traceDeployment(tx, id, to, at);
  if (change.table === 'deployment') tx.changed('deployment', id);
  if (change.table === 'workflow') tx.changed('queue', id);
  if (buildId !== null) tx.changed('build', buildId);
  return true;
}
