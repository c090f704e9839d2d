import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type { Connections } from './open-store.ts';
import type { Database } from './schema.ts';

/** How many prepared statements a connection keeps. */
const STATEMENTS = 500;

/**
 * Opens an SQLite file through Node's own `node:sqlite`: one connection that writes and one that cannot.
 * WAL lets them work side by side; `synchronous=FULL` makes each commit an fsync.
 */
export function openSqlite(file: string): Connections {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const writer = connect(file, false);
  const reader = connect(file, true);
  return {
    dialect: 'sqlite',
    writer: new Kysely<Database>({ dialect: new SqliteDialect({ database: writer }) }),
    reader: new Kysely<Database>({ dialect: new SqliteDialect({ database: reader }) }),
  };
}

function connect(file: string, readOnly: boolean): SqliteDatabase {
  const database = new DatabaseSync(file, { readOnly });
  database.exec('pragma busy_timeout = 2000');
  if (!readOnly)
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      if (statements.size >= STATEMENTS) statements.clear();
      const statement = adapt(database.prepare(immediate(sql)));
      statements.set(sql, statement);
      return statement;
    },
  };
}

/** A write transaction takes its lock at its start: a deferred one could fail in its middle. */
function immediate(sql: string): string {
  return sql === 'begin' ? 'begin immediate' : sql;
}

function adapt(statement: StatementSync): SqliteStatement {
  const reader = statement.columns().length > 0;
  return {
    reader,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}
