import { execFile, spawn, type PromiseWithChild } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { Problem } from '../core/problem.ts';
import { findBinary } from '../parts/find-binary.ts';
import { MIGRATIONS } from '../store/migrate.ts';
import { refusalOf } from '../store/postgres-refusal.ts';
import { splitPassword } from '../store/split-password.ts';
import { AFTER_RESTORE } from './after-restore.ts';
import { asProblem } from './as-problem.ts';
import { syncPath } from '../files/durable.ts';
import { holderOf, type LockRow } from './lock-holder.ts';

const CONNECT_MS = 10_000;

/**
 * Dumps a PostgreSQL database that a server may be writing to, as it is at one moment, into a new file that only its
 * owner may read (`pg_dump --format=custom`). Gives its schema's version, of the same moment.
 * @throws Problem `database_refused`, `part_missing`, `nothing_to_back_up`, `schema_newer`, `backup_failed`.
 */
export async function dumpPostgres(url: string, to: string, signal?: AbortSignal): Promise<number> {
  const program = demandProgram('pg_dump');
  await (await open(to, 'wx', 0o600)).close();
  const schema = await withClient(url, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    if (!(await hasTable(client, 'schema_version')))
      throw new Problem('nothing_to_back_up', { file: 'the place that DATABASE_URL names' });
    const version = await readVersion(client);
    const { rows } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
    await start(
      program,
      ['--format=custom', '--no-owner', '--no-acl', `--snapshot=${rows[0]?.id ?? ''}`, `--file=${to}`],
      url,
      signal,
    );
    return version;
  }).catch(asProblem('backup_failed'));
  await syncPath(to);
  return schema;
}

/**
 * Restores a dump, and makes it the database that counts (see {@link AFTER_RESTORE}), in one transaction.
 * @throws Problem `part_missing`, `restore_failed`: nothing of it is there then.
 */
export async function restorePostgres(dump: string, url: string): Promise<void> {
  const [reader, writer] = RESTORERS.map(demandProgram) as [string, string];
  try {
    const args = ['--no-psqlrc', '--no-password', '--quiet', '--set=ON_ERROR_STOP=1'];
    const writing = start(writer, args, url);
    const [written, read] = await Promise.allSettled([
      writing,
      pipeline(readRestoration(reader, dump), writing.child.stdin as Writable),
    ]);
    if (written.status === 'rejected') throw written.reason;
    if (read.status === 'rejected') throw read.reason;
  } catch (error) {
    asProblem('restore_failed')(error);
  }
}

/** Programs that a restore needs. */
export const RESTORERS = ['pg_restore', 'psql'] as const;

/**
 * The statements of a restore. The commit is the last of them: where this process or `pg_restore` is killed on its way,
 * the database sees its client go, and takes all of it back.
 */
async function* readRestoration(program: string, dump: string): AsyncGenerator<string | Buffer> {
  const reader = spawn(program, ['--no-owner', '--no-acl', '--file=-', dump], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = text(reader.stderr);
  const closed = once(reader, 'close');
  // Told below, unless the database has failed before.
  closed.catch(() => undefined);
  yield 'begin;\n';
  yield* reader.stdout as AsyncIterable<Buffer>;
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw Object.assign(new Error('pg_restore was killed'), { stderr: await said });
  // The dump has emptied it, to name every table in full.
  yield ['\nreset search_path', ...AFTER_RESTORE, 'commit;\n'].join(';\n');
}

/** What of Slipway's is in a database: who holds its lock, and whether there are tables at all. */
export interface PostgresState {
  readonly holder: string | null;
  readonly isEmpty: boolean;
}

/** @throws Problem `database_refused`, `restore_failed` when it cannot be asked. */
export async function readPostgresState(url: string): Promise<PostgresState> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(
      'select 1 from pg_tables where schemaname = current_schema() limit 1',
    );
    if (!(await hasTable(client, 'server_lock'))) return { holder: null, isEmpty: rows.length === 0 };
    const lock = await client.query<LockRow>('select holder, process, ends_at from server_lock');
    return { holder: holderOf(lock.rows[0]), isEmpty: false };
  }).catch(asProblem('restore_failed'));
}

/** @throws Problem `part_missing`. */
export function demandProgram(name: 'pg_dump' | (typeof RESTORERS)[number]): string {
  const program = findBinary([name]);
  if (program === null)
    throw new Problem('part_missing', { part: name, command: 'apt-get install postgresql-client' });
  return program;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  let client: pg.Client | null = null;
  try {
    client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    // One that breaks while nothing is asked is told by the next question.
    client.on('error', () => undefined);
    await client.connect();
    return await work(client);
  } catch (error) {
    throw refusalOf(error, url) ?? error;
  } finally {
    await client?.end().catch(() => undefined);
  }
}

async function readVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ version: string }>('select version from schema_version');
  const version = Number(rows[0]?.version ?? 0);
  if (version > MIGRATIONS.length) throw new Problem('schema_newer', { version, known: MIGRATIONS.length });
  return version;
}

async function hasTable(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    name,
  ]);
  return rows[0]?.there === true;
}

/** The password goes by the environment: other users of the machine see a command's words. */
function start(
  program: string,
  args: readonly string[],
  url: string,
  signal?: AbortSignal,
): PromiseWithChild<unknown> {
  const { bare, password } = splitPassword(url);
  const env = { ...process.env, ...(password === null ? {} : { PGPASSWORD: password }) };
  return promisify(execFile)(program, [...args, `--dbname=${bare}`], {
    env,
    ...(signal === undefined ? {} : { signal }),
  });
}
