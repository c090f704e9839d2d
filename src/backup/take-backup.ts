import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { readGeneration } from '../../worker/router/generations.ts';
import { asProblem } from './as-problem.ts';
import { copyLogs } from './copy-logs.ts';
import { makeFolderDurably, removeFolders, renameDurably, syncPath } from '../files/durable.ts';
import { copyFile, measureFile } from './files.ts';
import type { Installation } from './installation.ts';
import {
  MANIFEST,
  newManifest,
  PLACES,
  writeManifest,
  type BackedUpFile,
  type Manifest,
} from './manifest.ts';
import { dumpPostgres } from './postgres.ts';
import { copySqlite } from './sqlite.ts';

export interface BackupOptions {
  /** Ends it before its next file; nothing of it stays. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies an installation into the folder `target`, which is not there yet or empty, while its server runs and builds
 * write. It is made beside it, and gets its name once it is whole and on the disk.
 *
 * The order makes the parts fit each other, for none may be behind what another relies on. Before the database: the
 * router's state, since the record comes first and a router that knows more than its record refuses it; the file with
 * the admin token, which is recorded before it is written. After the database: the keys, since a secret needs the one
 * that it was encrypted with; the logs, since output is on the disk before its end is recorded.
 * @throws Problem `backup_target_taken`, `nothing_to_back_up`, `backup_failed`, `schema_newer`, `part_missing`, `disk_full`.
 */
export async function takeBackup(
  installation: Installation,
  target: string,
  options: BackupOptions = {},
): Promise<Manifest> {
  let made: readonly string[] = [];
  const aside = `${target}.unfinished-${randomBytes(4).toString('hex')}`;
  try {
    await demandFree(installation, target);
    made = await makeFolderDurably(path.dirname(target));
    await makeFolderDurably(aside, 0o700);
    const manifest = await copyAll(installation, aside, options.signal);
    await writeFile(path.join(aside, MANIFEST), writeManifest(manifest), {
      mode: 0o600,
      flush: true,
      flag: 'wx',
    });
    await syncPath(aside);
    options.signal?.throwIfAborted();
    await renameDurably(aside, target).catch((error: unknown) => {
      throw isTaken(error) ? taken(target, SOMETHING) : error;
    });
    return manifest;
  } catch (error) {
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
    await removeFolders(made);
    return asProblem('backup_failed', aside)(error);
  }
}

async function copyAll(installation: Installation, to: string, signal?: AbortSignal): Promise<Manifest> {
  const { dataDir, database, routerDir } = installation;
  const files: BackedUpFile[] = [];
  const copy = async (from: string, name: string): Promise<void> => {
    const content = await copyFile(from, path.join(to, name));
    if (content !== null) files.push({ path: name, ...content });
  };

  files.push(...(await writeRouterState(routerDir, to)));
  await copy(path.join(dataDir, 'admin-token'), PLACES.adminToken);

  const takenAt = new Date().toISOString();
  const place = PLACES[database.kind];
  const file = path.join(to, place);
  const schema =
    database.kind === 'sqlite'
      ? await copySqlite(database.file, file)
      : await dumpPostgres(database.url, file, signal);
  files.push({ path: place, ...((await measureFile(file)) ?? { bytes: 0, sha256: '' }) });
  signal?.throwIfAborted();

  await copy(path.join(dataDir, 'keys'), PLACES.keys);
  if (!files.some((one) => one.path === PLACES.keys))
    throw new Problem('backup_failed', { cause: `there is no key file ${path.join(dataDir, 'keys')}` });
  await copy(path.join(dataDir, 'webhook-secret'), PLACES.webhookSecret);
  files.push(...(await copyLogs(path.join(dataDir, 'logs'), path.join(to, 'logs'), signal)));
  return newManifest({ takenAt, database: database.kind, schema, files });
}

/** What the router's files are rendered from; the files themselves name the folder they are in. */
async function writeRouterState(dir: string, to: string): Promise<readonly BackedUpFile[]> {
  const generation = await readGeneration(dir).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (generation === null) return [];
  const file = path.join(to, PLACES.router);
  await makeFolderDurably(path.dirname(file), 0o700);
  await writeFile(file, `${JSON.stringify(generation.state, null, 1)}\n`, { mode: 0o600, flush: true });
  await syncPath(path.dirname(file));
  return [{ path: PLACES.router, ...((await measureFile(file)) ?? { bytes: 0, sha256: '' }) }];
}

const SOMETHING = 'holds something already';

/** @throws Problem `backup_target_taken`, `backup_failed`. */
async function demandFree({ dataDir }: Installation, target: string): Promise<void> {
  if (!path.relative(dataDir, target).startsWith('..')) throw taken(target, 'is in the data folder');
  const there = await lstat(target).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (there === null) return;
  if (!there.isDirectory()) throw taken(target, 'is no folder');
  if ((await readdir(target)).length > 0) throw taken(target, SOMETHING);
  if (there.dev !== (await stat(path.dirname(target))).dev)
    throw new Problem('backup_failed', {
      cause: `${target} is where a disk is mounted; name a folder in it`,
    });
}

function taken(target: string, why: string): Problem {
  return new Problem('backup_target_taken', { target, why });
}

function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
