import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pointCurrent, writeGeneration } from '../../worker/router/generations.ts';
import type { RouterState } from '../../worker/router/state.ts';
import { makeFolderDurably, removeFolders, syncPath } from '../files/durable.ts';
import { openDataFolder } from '../files/open-data-folder.ts';
import { asProblem } from './as-problem.ts';
import { demandPlace } from './demand-place.ts';
import { copyFile } from './files.ts';
import type { Installation } from './installation.ts';
import { damaged, PLACES, type BackedUpFile, type Manifest } from './manifest.ts';
import { restorePostgres } from './postgres.ts';
import { readBackup } from './read-backup.ts';
import { sideBySide } from './side-by-side.ts';
import { leadSqlite } from './sqlite.ts';
import type { BackupOptions } from './take-backup.ts';

/**
 * Puts a backup where the settings point, with the server stopped. All of it is read and held against its manifest
 * before anything is written; it is copied beside its places, and put there with the database last, so that what a
 * crash leaves has no record. Nothing stays of a restore that fails.
 * @throws Problem `backup_missing`, `backup_newer`, `backup_damaged`, `restore_other_database`, `server_running`,
 * `restore_place_taken`, `data_folder_wrong`, `part_missing`, `restore_failed`, `disk_full`.
 */
export async function restoreBackup(
  installation: Installation,
  source: string,
  options: BackupOptions = {},
): Promise<Manifest> {
  const { signal } = options;
  const manifest = await readBackup(source, signal);
  await demandPlace(installation, manifest).catch(asProblem('restore_failed'));
  const { dataDir } = installation;
  const aside = path.join(dataDir, `restore-${randomBytes(4).toString('hex')}`);
  const undo: Undo = [];
  try {
    const made = await openDataFolder(dataDir);
    undo.push(
      () => removeFolders(made),
      () => rm(aside, { recursive: true, force: true }),
    );
    await makeFolderDurably(aside, 0o700);
    await copyAside(source, manifest, aside, signal);
    if (manifest.database === 'sqlite') await leadSqlite(path.join(aside, PLACES.sqlite));
    await put(installation, manifest, aside, undo);
  } catch (error) {
    // One that fails keeps none of the others.
    for (const step of undo.reverse()) await step().catch(() => undefined);
    asProblem('restore_failed', aside)(error);
  }
  await rm(aside, { recursive: true, force: true });
  return manifest;
}

/** What takes back what was done so far, in the order in which that was. */
type Undo = (() => Promise<void>)[];

async function copyAside(
  source: string,
  manifest: Manifest,
  aside: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const folders = new Set([path.join(aside, 'logs')]);
  for (const { path: name } of manifest.files)
    for (let folder = path.dirname(name); folder !== '.'; folder = path.dirname(folder))
      folders.add(path.join(aside, folder));
  for (const folder of folders) await makeFolderDurably(folder, 0o700);
  const copyOne = async ({ path: name, sha256 }: BackedUpFile): Promise<void> => {
    const content = await copyFile(path.join(source, name), path.join(aside, name));
    if (content?.sha256 !== sha256) throw damaged(source, `${name} was changed while it was read`);
  };
  await sideBySide(manifest.files, copyOne, signal);
  for (const folder of folders) await syncPath(folder);
}

async function put(
  { dataDir, routerDir, database }: Installation,
  manifest: Manifest,
  aside: string,
  undo: Undo,
): Promise<void> {
  const has = (name: string): boolean => manifest.files.some((file) => file.path === name);
  const putFile = async (name: string, place: string): Promise<void> => {
    // Never over what somebody has put there meanwhile.
    await link(path.join(aside, name), place);
    undo.push(() => rm(place));
  };
  await rename(path.join(aside, 'logs'), path.join(dataDir, 'logs'));
  undo.push(() => rm(path.join(dataDir, 'logs'), { recursive: true }));
  for (const name of [PLACES.keys, PLACES.adminToken, PLACES.webhookSecret])
    if (has(name)) await putFile(name, path.join(dataDir, name));
  if (has(PLACES.router)) {
    const made = await makeFolderDurably(routerDir, 0o700);
    undo.push(
      () => removeFolders(made),
      () => removeRouterState(routerDir),
    );
    await putRouterState(routerDir, path.join(aside, PLACES.router));
  }
  // What the database relies on is there to stay before it is.
  await syncPath(dataDir);
  if (database.kind === 'postgres') return restorePostgres(path.join(aside, PLACES.postgres), database.url);
  await putFile(PLACES.sqlite, database.file);
  await syncPath(dataDir);
}

/** Rendered anew: the files name the folder they are in. */
async function putRouterState(dir: string, file: string): Promise<void> {
  const state = JSON.parse(await readFile(file, 'utf8')) as RouterState;
  await writeGeneration(dir, 1, state);
  await pointCurrent(dir, 1);
}

async function removeRouterState(dir: string): Promise<void> {
  for (const name of ['current', 'gen-1']) await rm(path.join(dir, name), { recursive: true, force: true });
}
