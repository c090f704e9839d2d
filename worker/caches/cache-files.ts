import { readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';

/** What a cache is: `about.json` beside its archive. */
export interface About {
  readonly key: string;
  readonly paths: readonly string[];
  readonly createdMs: number;
  readonly bytes: number;
}

/** What the cache in a folder is; null for one that is not there, and for what a failing disk has left of it. */
export async function aboutOf(entry: string): Promise<About | null> {
  const text = await readFile(path.join(entry, 'about.json'), 'utf8').catch(nullIfGone);
  if (text === null) return null;
  try {
    const about = JSON.parse(text) as Partial<About> | null;
    return typeof about?.key === 'string' ? (about as About) : null;
  } catch {
    return null;
  }
}

/** Whether both are there, and the archive has its length. */
export async function isWhole(entry: string): Promise<boolean> {
  const about = await aboutOf(entry);
  const archive = await stat(path.join(entry, 'archive')).catch(nullIfGone);
  return about !== null && archive?.size === about.bytes;
}

/** Gives a folder its place. One cannot be renamed over one that has something in it, nor into one that has just been removed (rename(2)). */
export async function renameTo(from: string, to: string): Promise<'taken' | 'there' | 'no folder'> {
  try {
    await rename(from, to);
    return 'taken';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) return 'there';
    if (code === 'ENOENT') return 'no folder';
    throw error;
  }
}

/** None where there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(nullIfGone)) ?? [];
}

/** For a folder that is removed only where it is empty. @throws Whatever else went wrong. */
export function nullIfKept(error: NodeJS.ErrnoException): null {
  return error.code === 'ENOTEMPTY' || error.code === 'EEXIST' ? null : nullIfGone(error);
}

/** For what others may remove meanwhile. @throws Whatever else went wrong. */
export function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return null;
}
