import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

/**
 * What a committed transaction changed; `id` is the row's. Steps and workflows are told as their build.
 * `places`: waiting builds have other places now, or wait for another reason. `token`: an
 * admin token or a session lets nobody in any more.
 */
export interface Change {
  readonly kind:
    | 'build'
    | 'deployment'
    | 'delivery'
    | 'environment'
    | 'lease'
    | 'outbox'
    | 'places'
    | 'project'
    | 'queue'
    | 'token'
    | 'worker';
  readonly id: string;
}

/** What can be read from: the store, or a transaction. */
export interface Reading {
  readonly db: Kysely<Database>;
}

/** A write transaction. Everything goes through `db`; a query of {@link Store.db} inside would not see it. */
export interface Tx {
  readonly db: Transaction<Database>;
  /** Tells the listeners of {@link Store.onChange}, once, after the commit. */
  readonly changed: (kind: Change['kind'], id: string) => void;
  /** Whether what ends, and the steps that begin, are to be told to a collector of traces. */
  readonly isTraced: boolean;
}

/**
 * What a caller adds to a transaction that is not its own, such as the entry in the audit log: done and written
 * together, or neither. Called once the change is made. @param found What the transaction made or found, where its caller does not know it.
 */
export type Note = (tx: Tx, found?: { readonly id: string; readonly name: string }) => Promise<void>;

/** For a change that nobody wants noted. */
export const noNote: Note = () => Promise.resolve();

/**
 * The record. One server writes to it: all write transactions of the process run one after the other, each
 * checks the server's fence, so inside one a row that was read stays as it is.
 */
export interface Store {
  readonly dialect: 'sqlite' | 'postgres';
  /** For reading only: the connection refuses writes. Sees what is committed. */
  readonly db: Kysely<Database>;
  /**
   * Runs `work` in a transaction of its own; resolves once it is on disk.
   * @throws Problem `lock_lost` when another server has taken over; nothing was written. Problem `database_away`: it may
   * be written or not.
   */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * As {@link transaction}, but works that wait at the same time share one commit (group commit), for what comes
   * often. When one of them throws, each is run again alone: `work` does nothing but queries.
   */
  readonly grouped: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Whether the database is known not to answer; what is asked of it then throws Problem `database_away`. */
  readonly isAway: () => boolean;
  /** Calls back after each commit, in the order of commits. Returns the unsubscribe. */
  readonly onChange: (listener: (change: Change) => void) => () => void;
  /** Tells the listeners of something that is not in the record. */
  readonly tell: (change: Change) => void;
  /** Gives the server's lock back and closes the connections. */
  close(): Promise<void>;
}
