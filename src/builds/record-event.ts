import { newId } from '../core/id.ts';
import type { Tx } from '../store/store.ts';

/** Something that happened, for the append-only history. */
export interface HistoryEvent {
  readonly at: number;
  readonly subject: string;
  readonly subjectId: string;
  readonly buildId: string | null;
  readonly type: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Appends an event to the history, in the transaction of what it tells. */
export async function recordEvent(tx: Tx, event: HistoryEvent): Promise<void> {
  await tx.db
    .insertInto('event')
    .values({
      id: newId('evt', event.at),
      at: event.at,
      subject_kind: event.subject,
      subject_id: event.subjectId,
      build_id: event.buildId,
      type: event.type,
      detail_json: JSON.stringify(event.detail ?? {}),
    })
    .execute();
}
