import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { Problem } from '../core/problem.ts';
import type { Connections } from './open-store.ts';
import type { Database } from './schema.ts';

/** How many prepared statements a connection keeps. */
const STATEMENTS = 500;

/**
 * Opens an SQLite file through Node's own `node:sqlite`: one connection that writes and one that cannot.
 * WAL lets them work side by side; `synchronous=FULL` makes each commit an fsync. What finds no room on the disk throws
 * Problem `disk_full`, and nothing of its transaction remains.
 */
export function openSqlite(file: string): Connections {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const writer = connect(file, false);
  const reader = connect(file, true);
  return {
    dialect: 'sqlite',
    writer: new Kysely<Database>({ dialect: new SqliteDialect({ database: writer }) }),
    reader: new Kysely<Database>({ dialect: new SqliteDialect({ database: reader }) }),
    isAway: () => false,
    stop: () => Promise.resolve(),
  };
}

function connect(file: string, readOnly: boolean): SqliteDatabase {
  const database = new DatabaseSync(file, { readOnly });
  try {
    database.exec('pragma busy_timeout = 2000');
    if (!readOnly)
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
  } catch (error) {
    database.close();
    throw error;
  }
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      if (statements.size >= STATEMENTS) statements.clear();
      const statement = adapt(database.prepare(immediate(sql)), file);
      statements.set(sql, sql === 'rollback' ? onlyWithin(database, statement) : statement);
      return statements.get(sql) ?? statement;
    },
  };
}

/** A write transaction takes its lock at its start: a deferred one could fail in its middle. */
function immediate(sql: string): string {
  return sql === 'begin' ? 'begin immediate' : sql;
}

/** A full disk ends a transaction by itself (sqlite.org/lang_transaction.html, 3): then nothing is left to roll back. */
function onlyWithin(database: DatabaseSync, rollback: SqliteStatement): SqliteStatement {
  return {
    ...rollback,
    run: (parameters) =>
      database.isTransaction ? rollback.run(parameters) : { changes: 0, lastInsertRowid: 0 },
  };
}

function adapt(statement: StatementSync, file: string): SqliteStatement {
  const reader = statement.columns().length > 0;
  const orFull = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw asProblem(error, file);
    }
  };
  return {
    reader,
    all: (parameters) => orFull(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => orFull(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE where the index of the WAL would have to grow (sqlite.org/rescode.html). */
const FULL: ReadonlySet<number> = new Set([13, 4874]);

function asProblem(error: unknown, file: string): unknown {
  const { errcode } = error as { errcode?: number };
  if (errcode === undefined || !FULL.has(errcode)) return error;
  return new Problem('disk_full', { path: path.dirname(path.resolve(file)) }, { cause: error });
}

/** What a file is refused with that is no database, is damaged or cannot be written; null for what SQLite does not say. */
export function unusableFile(error: unknown, file: string): Problem | null {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_SQLITE_ERROR') return null;
  const full = asProblem(error, file);
  if (full instanceof Problem) return full;
  return new Problem('database_unusable', { file, cause: message }, { cause: error });
}
