import type { Reading } from '../store/store.ts';

export interface DueEffect {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly target: string;
  readonly subjectId: string;
  readonly payload: unknown;
  readonly attempts: number;
}

/**
 * The oldest pending effect of each target, where it is due: a later one does not overtake one that waits for
 * its next try. `nextAt`: when one that is not due yet will be; null for none.
 */
export async function readDue(
  { db }: Reading,
  now: number,
): Promise<{ readonly due: readonly DueEffect[]; readonly nextAt: number | null }> {
  // Of the many that may wait behind one whose receiver is away, nothing is read.
  const heads = await db
    .selectFrom('outbox')
    .select(['id', 'key', 'kind', 'target', 'subject_id', 'payload_json', 'attempts', 'next_at'])
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('outbox')
        .select(({ fn }) => fn.min('id').as('id'))
        .where('state', '=', 'pending')
        .groupBy('target'),
    )
    .orderBy('id')
    .execute();
  const later = heads.filter((row) => row.next_at > now).map((row) => row.next_at);
  return {
    due: heads
      .filter((row) => row.next_at <= now)
      .map((row) => ({
        id: row.id,
        key: row.key,
        kind: row.kind,
        target: row.target,
        subjectId: row.subject_id,
        payload: JSON.parse(row.payload_json) as unknown,
        attempts: row.attempts,
      })),
    nextAt: later.length === 0 ? null : Math.min(...later),
  };
}
