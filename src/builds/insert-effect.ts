import { idAfter } from '../core/id.ts';
import type { Tx } from '../store/store.ts';

/** Something that the outbox is to do. */
export interface NewEffect {
  /** The same key is the same effect: a second one is not recorded. */
  readonly key: string;
  readonly kind: string;
  readonly subjectId: string;
  /** Effects of one target are done one after the other, in the order of their recording. */
  readonly target: string;
  readonly payload: object;
  /** When it is done at the earliest, epoch ms; default: at once. */
  readonly dueAt?: number;
  readonly at: number;
}

/** Records an effect in the transaction of what it follows from. */
export async function insertEffect(tx: Tx, effect: NewEffect): Promise<void> {
  const last = await tx.db
    .selectFrom('outbox')
    .select('id')
    .where('target', '=', effect.target)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const id = idAfter('fx', last?.id ?? null, effect.at);
  await tx.db
    .insertInto('outbox')
    .values({
      id,
      key: effect.key,
      subject_id: effect.subjectId,
      kind: effect.kind,
      target: effect.target,
      payload_json: JSON.stringify(effect.payload),
      state: 'pending',
      next_at: effect.dueAt ?? 0,
      result: null,
      lease_id: null,
      created_at: effect.at,
      finished_at: null,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  tx.changed('outbox', id);
}
