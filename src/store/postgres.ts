import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import { TIMES } from '../../config/times.ts';
import { Problem } from '../core/problem.ts';
import type { Connections } from './open-store.ts';
import { refusalOf } from './postgres-refusal.ts';
import type { Database } from './schema.ts';
import { watchPostgres, type DatabaseTimes, type WatchOptions } from './watch-postgres.ts';

/** PostgreSQL's type number of `bigint`, which also `count(*)` has. Ours all fit a number. */
const BIGINT = 20;

/** What ends with its connection: the system's codes, and those of PostgreSQL's (its manual, appendix A) that say so. */
const BROKEN = /^(?:E(?:PIPE|CONN\w+|TIMEDOUT|HOSTUNREACH|NETUNREACH)|08...|25P03|57P0\d)$/;
/** The same in the words of `pg`, which have no code. */
const BROKEN_WORDS = /connection (?:terminated|ended)|not queryable/i;
/** A server that is written to no more, after another one took its place. */
const READ_ONLY = '25006';
const TOO_MANY = '53300';

/** Connects once, to be told at once and by its cause where it cannot be. @throws Problem `database_refused`. */
export async function demandPostgres(url: string, times: DatabaseTimes = TIMES): Promise<void> {
  try {
    await (await connect(url, times)).end();
  } catch (error) {
    throw refusalOf(error, url) ?? error;
  }
}

/**
 * What was answered must outlive PostgreSQL's end: where a commit is answered before it is written (its manual, 30.4), a
 * delivery that we acknowledged was gone after one. What keeps more than that stays.
 */
const KEEP_COMMITS =
  "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";
/** The pool waits for what this gives (pg-pool 3.14), though its types do not say so. */
const keepCommits = (client: pg.ClientBase): unknown => client.query(KEEP_COMMITS);

/**
 * Where only the way is cut, PostgreSQL hears of no end: a transaction that was under way would hold the server's lock
 * against the next for as long as the system keeps a silent connection (two hours).
 */
const optionsOf = (mode: Mode, { databaseAnswer }: DatabaseTimes): string =>
  mode === 'read only'
    ? '-c default_transaction_read_only=on'
    : `-c idle_in_transaction_session_timeout=${databaseAnswer}`;

type Mode = 'read only' | 'read write';

type Told = Pick<WatchOptions, 'onAway' | 'onSound'>;
const UNTOLD: Told = { onAway: () => undefined, onSound: () => undefined };

/**
 * Opens PostgreSQL: one connection that writes, since writes are serial, and a few that cannot. While it is away, and
 * for what breaks as it goes, queries throw Problem `database_away`; what waited for an answer is not left waiting.
 */
export function openPostgres(url: string, told: Told = UNTOLD, times: DatabaseTimes = TIMES): Connections {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT, Number);
  const clients = new Set<pg.Client>();
  class Client extends pg.Client {
    constructor(config: pg.ClientConfig = {}) {
      super({ ...config, connectionTimeoutMillis: times.databaseAnswer });
      // Nobody else listens while one is in use and waits for nothing, between two statements.
      this.on('error', () => undefined);
    }
    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback: (error: Error) => void = () => undefined): unknown {
      // Those that wait for a place in the pool would each wait for one more time of connecting.
      if (watch.isAway()) return process.nextTick(callback, new Error('connection terminated'));
      clients.add(this);
      this.once('end', () => clients.delete(this));
      super.connect(callback);
    }
  }
  const breakAll = (): void => {
    for (const client of clients) breakConnection(client);
  };
  const lookout = openLookout(url, times);
  const watch = watchPostgres({
    ...told,
    times,
    look: lookout.look,
    onAway(error) {
      breakAll();
      told.onAway(refusalOf(error, url) ?? error);
    },
  });
  const onRefused = (): void => {
    lookout.renew();
    watch.suspect();
  };
  const open = (max: number, mode: Mode) => {
    const pool = new pg.Pool({
      ...{ connectionString: url, max, options: optionsOf(mode, times), types, Client },
      ...(mode === 'read only' ? {} : { onConnect: keepCommits }),
    });
    // An idle connection that breaks is replaced at the next query, which tells its own error.
    pool.on('error', () => watch.suspect());
    const isLost = (error: unknown): boolean =>
      isBroken(error) || (mode === 'read write' && (error as NodeJS.ErrnoException).code === READ_ONLY);
    return new Kysely<Database>({
      dialect: new PostgresDialect({ pool: guarded(pool, { ...watch, onRefused, isLost, times }) }),
    });
  };
  return {
    dialect: 'postgres',
    writer: open(1, 'read write'),
    reader: open(4, 'read only'),
    isAway: watch.isAway,
    stop: async () => {
      // One that does not answer does not say good-bye, either.
      setTimeout(breakAll, times.databaseLook).unref();
      lookout.close();
      await watch.stop();
    },
  };
}

interface Guard {
  readonly isAway: () => boolean;
  /** A connection broke. */
  readonly suspect: () => void;
  /** None could be made. */
  readonly onRefused: () => void;
  readonly isLost: (error: unknown) => boolean;
  readonly times: DatabaseTimes;
}

function guarded(pool: pg.Pool, { isAway, suspect, onRefused, isLost, times }: Guard): PostgresPool {
  const away = (cause?: unknown): Problem =>
    new Problem('database_away', { seconds: times.databaseLook / 1_000 }, { cause });
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      if (isAway()) throw away();
      const client = await pool.connect().catch((error: unknown) => {
        onRefused();
        throw away(error);
      });
      let isToGo = false;
      return {
        query: (async (sql: string, parameters: unknown[]) => {
          try {
            return await client.query(sql, parameters);
          } catch (error) {
            if (!isLost(error)) throw error;
            isToGo = true;
            suspect();
            throw away(error);
          }
        }) as never,
        release: (destroy) => client.release(destroy === true || isToGo),
      };
    },
  };
}

interface Lookout {
  readonly look: () => Promise<void>;
  /** The next look is through a new connection: a password that was changed ends none that is there. */
  readonly renew: () => void;
  readonly close: () => void;
}

/** A connection of its own, which no query of ours keeps waiting. */
function openLookout(url: string, times: DatabaseTimes): Lookout {
  let kept: pg.Client | null = null;
  let isToConnect = false;
  let isClosed = false;
  const close = (): void => {
    if (kept !== null) breakConnection(kept);
    kept = null;
  };
  async function look(): Promise<void> {
    const isNew = kept === null;
    try {
      kept ??= await connect(url, times);
      isToConnect = false;
      const { rows } = await kept.query<{ mode: string }>(
        "select current_setting('transaction_read_only') mode",
      );
      if (rows[0]?.mode === 'on') throw Object.assign(new Error('it is not written to'), { code: READ_ONLY });
    } catch (error) {
      close();
      // Only this connection was ended, perhaps.
      if (!isNew && !isClosed && isBroken(error)) return look();
      const isFull = (error as NodeJS.ErrnoException).code === TOO_MANY;
      // It is there, and those that we have may be used.
      if (!isFull || isToConnect) throw error;
    }
    if (isClosed) close();
  }
  return {
    look,
    renew() {
      isToConnect = true;
      close();
    },
    close() {
      isClosed = true;
      close();
    },
  };
}

/**
 * Ends it whatever it waits for, also for its own beginning: `end` of one that is still connecting is never told to who
 * waits for it (pg 8.23), and its place in a pool was lost for good. Who waits is told that it broke.
 */
function breakConnection(client: pg.Client): void {
  client.connection.stream.destroy();
}

function isBroken(error: unknown): boolean {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return BROKEN.test(code) || BROKEN_WORDS.test(message);
}

async function connect(url: string, { databaseAnswer }: DatabaseTimes): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: databaseAnswer,
    query_timeout: databaseAnswer,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
