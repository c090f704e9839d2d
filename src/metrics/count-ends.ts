import { isEnd, type EndStatus, type Status } from '../core/status.ts';
import type { Clock } from '../ports/clock.ts';
import type { Change, Store } from '../store/store.ts';

/** A build or a deployment that has ended. */
export interface Ended {
  readonly id: string;
  readonly status: EndStatus;
  /** From its creation to its end. */
  readonly seconds: number;
}

interface Row {
  readonly id: string;
  readonly status: Status;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

export interface CountEnds {
  readonly store: Pick<Store, 'onChange' | 'db'>;
  readonly clock: Clock;
  readonly kind: 'build' | 'deployment';
  /** Told of each end once. */
  readonly onEnd: (ended: Ended) => void;
}

/** Ends of one kind since the server's start. */
export interface EndCount {
  /** Reads what has changed since the last call, and tells of those that have ended. */
  catchUp(): Promise<void>;
  stop(): void;
}

/** What ended longer ago is not counted when it changes once more. */
const FORGET_MS = 60 * 60_000;
/** Rows of one query, well below SQLite's bound of variables. */
const AT_ONCE = 500;

/** Counts each end once, however often its row changes afterwards; what ended before the server began is not counted. */
export function countEnds({ store, clock, kind, onEnd }: CountEnds): EndCount {
  const since = clock.nowMs();
  const changed = new Set<string>();
  const counted = new Map<string, number>();
  const stop = store.onChange((change: Change) => {
    if (change.kind === kind) changed.add(change.id);
  });

  const count = ({ id, status, createdAtMs, finishedAtMs }: Row): void => {
    const oldest = Math.max(since, clock.nowMs() - FORGET_MS);
    if (!isEnd(status) || finishedAtMs === null || finishedAtMs < oldest || counted.has(id)) return;
    counted.set(id, finishedAtMs);
    onEnd({ id, status, seconds: (finishedAtMs - createdAtMs) / 1_000 });
  };

  return {
    async catchUp() {
      const ids = [...changed];
      changed.clear();
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE);
        try {
          for (const row of await readRows(store, kind, some)) count(row);
        } catch (error) {
          for (const id of ids.slice(from)) changed.add(id);
          throw error;
        }
      }
      const oldest = clock.nowMs() - FORGET_MS;
      for (const [id, at] of counted) if (at < oldest) counted.delete(id);
    },
    stop,
  };
}

function readRows(
  { db }: Pick<Store, 'db'>,
  kind: CountEnds['kind'],
  ids: readonly string[],
): Promise<readonly Row[]> {
  return db
    .selectFrom(kind)
    .select(['id', 'status', 'created_at as createdAtMs', 'finished_at as finishedAtMs'])
    .where('id', 'in', ids)
    .execute();
}
