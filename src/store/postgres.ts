import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import { TIMES } from '../../config/times.ts';
import { Problem } from '../core/problem.ts';
import type { Connections } from './open-store.ts';
import { refusalOf } from './postgres-refusal.ts';
import type { Database } from './schema.ts';
import { watchPostgres, type WatchOptions } from './watch-postgres.ts';

/** PostgreSQL's type number of `bigint`, which also `count(*)` has. Ours all fit a number. */
const BIGINT = 20;

/** What ends with its connection: the system's codes, and those of PostgreSQL's (its manual, appendix A) that say so. */
const BROKEN = /^(?:E(?:PIPE|CONN\w+|TIMEDOUT|HOSTUNREACH|NETUNREACH)|08...|57P0\d)$/;
/** The same in the words of `pg`, which have no code. */
const BROKEN_WORDS = /connection (?:terminated|ended)|not queryable/i;
/** A server that is written to no more, after another one took its place. */
const READ_ONLY = '25006';
const TOO_MANY = '53300';

/** Connects once, to be told at once and by its cause where it cannot be. @throws Problem `database_refused`. */
export async function demandPostgres(url: string): Promise<void> {
  try {
    await (await connect(url)).end();
  } catch (error) {
    throw refusalOf(error, url) ?? error;
  }
}

type Told = Pick<WatchOptions, 'onAway' | 'onSound'>;
const UNTOLD: Told = { onAway: () => undefined, onSound: () => undefined };

/**
 * Opens PostgreSQL: one connection that writes, since writes are serial, and a few that cannot. While it is away, and
 * for what breaks as it goes, queries throw Problem `database_away`; what waited for an answer is not left waiting.
 */
export function openPostgres(url: string, told: Told = UNTOLD): Connections {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT, Number);
  const clients = new Set<pg.Client>();
  class Client extends pg.Client {
    constructor(config: pg.ClientConfig = {}) {
      super({ ...config, connectionTimeoutMillis: TIMES.databaseAnswer });
      clients.add(this);
      // Nobody else listens while one is in use and waits for nothing, between two statements.
      this.on('error', () => undefined);
      this.once('end', () => clients.delete(this));
    }
  }
  const lookout = openLookout(url);
  const watch = watchPostgres({
    ...told,
    look: lookout.look,
    onAway(error) {
      // One that is waited for has its connection cut.
      for (const client of clients) client.end().catch(() => undefined);
      told.onAway(refusalOf(error, url) ?? error);
    },
  });
  const open = (max: number, mode: 'read only' | 'read write') => {
    const options = mode === 'read only' ? '-c default_transaction_read_only=on' : '';
    const pool = new pg.Pool({ connectionString: url, max, options, types, Client });
    // An idle connection that breaks is replaced at the next query, which tells its own error.
    pool.on('error', () => watch.suspect());
    const isLost = (error: unknown): boolean =>
      isBroken(error) || (mode === 'read write' && (error as NodeJS.ErrnoException).code === READ_ONLY);
    return new Kysely<Database>({ dialect: new PostgresDialect({ pool: guarded(pool, watch, isLost) }) });
  };
  return {
    dialect: 'postgres',
    writer: open(1, 'read write'),
    reader: open(4, 'read only'),
    isAway: watch.isAway,
    stop: async () => {
      await watch.stop();
      await lookout.close();
    },
  };
}

function guarded(
  pool: pg.Pool,
  watch: { isAway: () => boolean; suspect: () => void },
  isLost: (error: unknown) => boolean,
): PostgresPool {
  const away = (cause?: unknown): Problem => {
    if (cause !== undefined) watch.suspect();
    return new Problem('database_away', { seconds: TIMES.databaseLook / 1_000 }, { cause });
  };
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      if (watch.isAway()) throw away();
      const client = await pool.connect().catch((error: unknown) => {
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
            throw away(error);
          }
        }) as never,
        release: (destroy) => client.release(destroy === true || isToGo),
      };
    },
  };
}

/** A connection of its own, which no query of ours keeps waiting. */
function openLookout(url: string): { look: () => Promise<void>; close: () => Promise<void> } {
  let kept: pg.Client | null = null;
  const close = async (): Promise<void> => {
    const last = kept;
    kept = null;
    await last?.end().catch(() => undefined);
  };
  async function look(): Promise<void> {
    const isNew = kept === null;
    try {
      kept ??= await connect(url);
      const { rows } = await kept.query<{ mode: string }>(
        "select current_setting('transaction_read_only') mode",
      );
      if (rows[0]?.mode === 'on') throw Object.assign(new Error('it is not written to'), { code: READ_ONLY });
    } catch (error) {
      void close();
      // Only this connection was ended, perhaps.
      if (!isNew && isBroken(error)) return look();
      // It is there, and those that we have may be used.
      if ((error as NodeJS.ErrnoException).code !== TOO_MANY) throw error;
    }
  }
  return { look, close };
}

function isBroken(error: unknown): boolean {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return BROKEN.test(code) || BROKEN_WORDS.test(message);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMES.databaseAnswer,
    query_timeout: TIMES.databaseAnswer,
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
