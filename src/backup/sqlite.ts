import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { Problem } from '../core/problem.ts';
import { MIGRATIONS } from '../store/migrate.ts';
import { syncPath } from '../files/durable.ts';
import { AFTER_RESTORE } from './after-restore.ts';
import { naming } from './as-problem.ts';
import { holderOf, type LockRow } from './lock-holder.ts';

/** How long a copy waits for the moment in which a writer holds the whole file. */
const BUSY_MS = 10_000;

/**
 * Copies an embedded database that a server may be writing to, as it is at one moment, into a new file that only its
 * owner may read. Gives its schema's version.
 * @throws Problem `nothing_to_back_up`, `schema_newer`, `backup_failed` when the copy is not sound.
 */
export async function copySqlite(from: string, to: string): Promise<number> {
  await (await open(to, 'wx', 0o600)).close();
  const source = openThere(from);
  try {
    // One read transaction, however busy the writer is. SQLite's online backup begins again with each foreign commit.
    source.prepare('vacuum into ?').run(to);
  } catch (error) {
    naming(from)(error);
  } finally {
    source.close();
  }
  const schema = readSchema(to);
  await syncPath(to);
  if (schema > MIGRATIONS.length)
    throw new Problem('schema_newer', { version: schema, known: MIGRATIONS.length });
  return schema;
}

/** Who holds the lock of the database in that file; null when nobody does, or there is no database. */
export function sqliteHolder(file: string): string | null {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    if (!hasTable(database, 'server_lock')) return null;
    return holderOf(
      database.prepare('select holder, process, ends_at from server_lock').get() as LockRow | undefined,
    );
  } finally {
    database.close();
  }
}

/** Makes a restored database the one that counts: see {@link AFTER_RESTORE}. */
export async function leadSqlite(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  try {
    database.exec(`pragma synchronous = full; begin; ${AFTER_RESTORE.join('; ')}; commit`);
  } finally {
    database.close();
  }
  await syncPath(file);
}

/** @throws Problem `backup_failed`. */
function readSchema(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const [check] = database.prepare('pragma quick_check(1)').all();
    if (check?.['quick_check'] !== 'ok')
      throw new Problem('backup_failed', {
        cause: `the database is damaged (${String(check?.['quick_check'])})`,
      });
    const version = hasTable(database, 'schema_version')
      ? Number(database.prepare('select version from schema_version').get()?.['version'] ?? 0)
      : 0;
    if (version === 0)
      throw new Problem('backup_failed', { cause: 'the database is not one that a server has set up' });
    return version;
  } finally {
    database.close();
  }
}

function openThere(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  } catch (error) {
    throw new Problem('nothing_to_back_up', { file }, { cause: error });
  }
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined
  );
}
