import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeFolderDurably, syncPath } from '../files/durable.ts';
import { copyFile, type Content } from './files.ts';
import { demandListable, LOG_FILE, type BackedUpFile } from './manifest.ts';
import { sideBySide } from './side-by-side.ts';

/**
 * Copies the logs while they are written. Of each the index comes first: the log store writes a batch's bytes before
 * the records that speak of them, so the bytes that are copied after them are all there. What the copy holds beyond
 * the last whole batch, the log store cuts off when it opens it (`src/logs/log-file.ts`).
 *
 * Called once the database is copied: what that has taken in as acknowledged was on this disk before.
 * @throws Problem `backup_failed`.
 */
export async function copyLogs(
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<readonly BackedUpFile[]> {
  const indices = (await namesBelow(from)).filter((name) => LOG_FILE.test(name) && name.endsWith('.idx'));
  demandListable(2 * indices.length);
  const days = indices.map((name) => path.join(to, path.dirname(name)));
  const folders = new Set([to, ...days.map((day) => path.dirname(day)), ...days]);
  for (const folder of folders) await makeFolderDurably(folder, 0o700);
  const copied: BackedUpFile[] = [];
  const copyOne = async (index: string): Promise<void> => {
    copied.push(...(await copyLog(from, to, index.slice(0, -'.idx'.length))));
  };
  await sideBySide(indices, copyOne, signal);
  for (const folder of folders) await syncPath(folder);
  return copied;
}

async function namesBelow(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder, { recursive: true })).sort();
  } catch (error) {
    const { code, path: missing } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    // A folder below that went meanwhile says nothing about the others.
    return missing === folder ? [] : namesBelow(folder);
  }
}

/** Nothing of a log that is removed meanwhile: the copied record may still have its build, which has no log then. */
async function copyLog(from: string, to: string, log: string): Promise<readonly BackedUpFile[]> {
  const index = await copyFile(path.join(from, `${log}.idx`), path.join(to, `${log}.idx`));
  if (index === null) return [];
  const bytes = await copyFile(path.join(from, `${log}.log`), path.join(to, `${log}.log`));
  if (bytes !== null) return [entry(`${log}.idx`, index), entry(`${log}.log`, bytes)];
  await rm(path.join(to, `${log}.idx`));
  return [];
}

const entry = (name: string, content: Content): BackedUpFile => ({ path: `logs/${name}`, ...content });
