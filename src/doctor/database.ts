import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { Installation } from '../backup/installation.ts';
import { Problem } from '../core/problem.ts';
import { MIGRATIONS } from '../store/migrate.ts';
import { refusalOf } from '../store/postgres-refusal.ts';
import { splitPassword } from '../store/split-password.ts';
import { unusableFile } from '../store/sqlite.ts';
import { causeOf, fail, ok, warn, type Check, type Finding } from './check.ts';

const ANSWER_MS = 5_000;
const VERSION = 'select version from schema_version';

export function checkDatabase({ database }: Installation): Check {
  return {
    name: 'database',
    run: async () => {
      if (database.kind === 'postgres') return lookAtPostgres(database.url);
      if (!existsSync(database.file))
        return warn(
          `there is none at ${database.file}`,
          'The first start makes it; else name the data folder with SLIPWAY_DATA.',
        );
      try {
        return judge(database.file, askSqlite(database.file));
      } catch (error) {
        throw unusableFile(error, database.file) ?? error;
      }
    },
  };
}

async function lookAtPostgres(url: string): Promise<Finding> {
  const { bare } = splitPassword(url);
  try {
    return judge(bare, await askPostgres(url));
  } catch (error) {
    if (error instanceof Problem) throw error;
    const refusal = refusalOf(error, url);
    if (refusal !== null) throw refusal;
    return fail(`${bare} does not answer: ${causeOf(error)}`, 'Start PostgreSQL, or correct DATABASE_URL.');
  }
}

/** @throws Problem `schema_newer`. */
function judge(where: string, version: number): Finding {
  const known = MIGRATIONS.length;
  if (version > known) throw new Problem('schema_newer', { version, known });
  if (version === 0) return warn(`${where} has no schema yet`, 'The first start makes it.');
  return ok(`${where}, schema ${version}${version < known ? `; the next start brings it to ${known}` : ''}`);
}

function askSqlite(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true, timeout: ANSWER_MS });
  try {
    const there = database.prepare("select 1 from sqlite_master where name = 'schema_version'").get();
    return there === undefined ? 0 : Number(database.prepare(VERSION).get()?.['version'] ?? 0);
  } finally {
    database.close();
  }
}

async function askPostgres(url: string): Promise<number> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  client.on('error', () => undefined); // who asks is told
  client.on('error', () => undefined);
  await client.connect();
  try {
    const there = await client.query<{ yes: boolean }>(
      "select to_regclass('schema_version') is not null as yes",
    );
    if (there.rows[0]?.yes !== true) return 0;
    return Number((await client.query<{ version: string }>(VERSION)).rows[0]?.version ?? 0);
  } finally {
    await client.end();
  }
}
