import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Connections } from './open-store.ts';
import { refusalOf } from './postgres-refusal.ts';
import type { Database } from './schema.ts';

/** PostgreSQL's type number of `bigint`, which also `count(*)` has. Ours all fit a number. */
const BIGINT = 20;

const CONNECT_MS = 10_000;

/** Connects once, to be told at once and by its cause where it cannot be. @throws Problem `database_refused`. */
export async function demandPostgres(url: string): Promise<void> {
  let client: pg.Client | null = null;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    client.on('error', () => undefined);
    await client.connect();
  } catch (error) {
    throw refusalOf(error, url) ?? error;
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/** Opens PostgreSQL: one connection that writes, since writes are serial, and a few that cannot. */
export function openPostgres(url: string): Connections {
  const types = new pg.TypeOverrides();
  types.setTypeParser(BIGINT, Number);
  const pool = (max: number, options: string) => {
    const made = new pg.Pool({ connectionString: url, max, options, types });
    // An idle connection that breaks is replaced at the next query, which tells its own error.
    made.on('error', () => undefined);
    return made;
  };
  return {
    dialect: 'postgres',
    writer: new Kysely<Database>({ dialect: new PostgresDialect({ pool: pool(1, '') }) }),
    reader: new Kysely<Database>({
      dialect: new PostgresDialect({ pool: pool(4, '-c default_transaction_read_only=on') }),
    }),
  };
}
