import type { Kysely } from 'kysely';
import { isDatabaseAway } from './is-database-away.ts';
import type { Database } from './schema.ts';
import type { Change, Store, Tx } from './store.ts';

export interface WriteQueueDeps {
  readonly db: Kysely<Database>;
  readonly check: (tx: Tx['db']) => Promise<void>;
  readonly emit: (changes: readonly Change[]) => void;
  /** What was changed where nobody knows whether it was committed. */
  readonly onDoubt: (changes: readonly Change[]) => void;
  readonly isTraced: boolean;
}

export interface WriteQueue {
  readonly transaction: Store['transaction'];
  readonly grouped: Store['grouped'];
  /** Runs `act` while no transaction is open on the writing connection. */
  readonly inTurn: <T>(act: () => Promise<T>) => Promise<T>;
}

type Work<T> = (tx: Tx) => Promise<T>;

interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How many grouped works share one commit at most. */
const GROUP = 256;

/** Runs write transactions one after the other; see {@link Store}. */
export function createWriteQueue(deps: WriteQueueDeps): WriteQueue {
  let last: Promise<unknown> = Promise.resolve();
  const group: Waiting[] = [];

  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = last.then(act);
    last = result.catch(() => undefined);
    return result;
  }

  async function runGroup(): Promise<void> {
    const works = group.splice(0, GROUP);
    if (group.length > 0) void inTurn(runGroup);
    if (works.length === 0) return;
    try {
      const results = await commit(deps, async (tx) => {
        const all: unknown[] = [];
        for (const { work } of works) all.push(await work(tx));
        return all;
      });
      works.forEach(({ resolve }, index) => resolve(results[index]));
    } catch (error) {
      // Nobody knows whether it was committed: whoever asked asks again, and is known.
      if (works.length === 1 || isDatabaseAway(error)) return works.forEach(({ reject }) => reject(error));
      for (const { work, resolve, reject } of works) await commit(deps, work).then(resolve, reject);
    }
  }

  return {
    transaction: (work) => inTurn(() => commit(deps, work)),
    grouped: <T>(work: Work<T>) =>
      new Promise<T>((resolve, reject) => {
        group.push({ work, resolve: resolve as (value: unknown) => void, reject });
        // Not at once: the other requests that the event loop is about to read come into the same commit.
        if (group.length === 1) setImmediate(() => void inTurn(runGroup));
      }),
    inTurn,
  };
}

async function commit<T>(deps: WriteQueueDeps, work: Work<T>): Promise<T> {
  const changes: Change[] = [];
  const transaction = deps.db.transaction().execute(async (db) => {
    await deps.check(db);
    const { isTraced } = deps;
    return work({ db, changed: (kind, id) => changes.push({ kind, id }), isTraced });
  });
  const result = await transaction.catch((error: unknown) => {
    if (isDatabaseAway(error)) deps.onDoubt(changes);
    throw error;
  });
  deps.emit(changes);
  return result;
}
