import { isEnd, type Status } from '../core/status.ts';
import { TRACE_TARGET } from '../core/trace-context.ts';
import type { Tx } from '../store/store.ts';
import { insertEffect } from './insert-effect.ts';

/** Payload of an effect of kind `trace`. Its spans are made when it is sent: the record has all of them then as well. */
export interface TraceEffect {
  readonly kind: 'build' | 'deployment';
  readonly id: string;
  /** When it ended, epoch ms. */
  readonly atMs: number;
}

/** Records that the collector is to be told of a build's end, in the transaction that ends it; where there is one. */
export async function traceBuild(tx: Tx, id: string, status: Status, at: number): Promise<void> {
  if (tx.isTraced && isEnd(status)) await insertTrace(tx, { kind: 'build', id, atMs: at });
}

/** As {@link traceBuild}, of a deployment; one that never began took no time that a span could tell of. */
export async function traceDeployment(tx: Tx, id: string, status: Status, at: number): Promise<void> {
  if (!tx.isTraced || !isEnd(status)) return;
  const { started_at } = await tx.db
    .selectFrom('deployment')
    .select('started_at')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (started_at !== null) await insertTrace(tx, { kind: 'deployment', id, atMs: at });
}

async function insertTrace(tx: Tx, effect: TraceEffect): Promise<void> {
  const { id, atMs: at } = effect;
  await insertEffect(tx, {
    key: `trace:${id}`,
    kind: 'trace',
    subjectId: id,
    target: TRACE_TARGET,
    payload: effect,
    at,
  });
}
