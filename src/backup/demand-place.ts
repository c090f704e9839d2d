import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { whoHasOpen } from '../processes/who-has-open.ts';
import type { Installation } from './installation.ts';
import type { Manifest } from './manifest.ts';
import { demandProgram, readPostgresState, RESTORERS } from './postgres.ts';
import { sqliteHolder } from './sqlite.ts';

/** Whatever stands beside a database's file belongs to it; SQLite would play an old journal into a new database. */
const OF_DATABASE = ['slipway.db', 'slipway.db-wal', 'slipway.db-shm', 'slipway.db-journal'];
const FILES = [...OF_DATABASE, 'keys', 'admin-token', 'webhook-secret'];

/**
 * Holds that nothing which a restore writes is there, and that no server runs on it. What else is in the data folder,
 * such as the images of an own registry, stays as it is.
 * @throws Problem `restore_other_database`, `server_running`, `restore_place_taken`, `part_missing`, `restore_failed`.
 */
export async function demandPlace(installation: Installation, manifest: Manifest): Promise<void> {
  const { dataDir, database, routerDir } = installation;
  if (database.kind !== manifest.database)
    throw new Problem('restore_other_database', {
      backup: NAMES[manifest.database],
      settings: NAMES[database.kind],
    });
  if (database.kind === 'postgres') await demandEmptyPostgres(database.url);
  else demandNoServer(database.file);
  const taken = FILES.find((name) => existsSync(path.join(dataDir, name)));
  if (taken !== undefined) throw placeTaken(dataDir, taken);
  const logs = path.join(dataDir, 'logs');
  if ((await namesIn(logs)).length > 0) throw placeTaken(dataDir, 'logs');
  const generation = (await namesIn(routerDir)).find((name) => /^(?:gen-\d+|current)$/.test(name));
  if (generation !== undefined) throw placeTaken(routerDir, generation);
}

const NAMES = { sqlite: 'an embedded database', postgres: 'PostgreSQL' } as const;

async function demandEmptyPostgres(url: string): Promise<void> {
  for (const program of RESTORERS) demandProgram(program);
  const { holder, isEmpty } = await readPostgresState(url);
  if (holder !== null) throw new Problem('server_running', { holder });
  if (!isEmpty) throw placeTaken('The database that DATABASE_URL names', 'tables');
}

/** Asks the lock, and where the file was removed under a running server, the system. */
function demandNoServer(file: string): void {
  const holder = existsSync(file) ? holderIn(file) : null;
  const [pid] = holder === null ? whoHasOpen(file) : [];
  if (holder !== null || pid !== undefined)
    throw new Problem('server_running', { holder: holder ?? `process ${String(pid)}` });
}

/** What is no database has no lock; it is refused as what is in the way. */
function holderIn(file: string): string | null {
  try {
    return sqliteHolder(file);
  } catch {
    return null;
  }
}

function placeTaken(place: string, what: string): Problem {
  return new Problem('restore_place_taken', { place, what });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    if (existsSync(folder)) throw placeTaken(path.dirname(folder), path.basename(folder));
    return [];
  });
}
