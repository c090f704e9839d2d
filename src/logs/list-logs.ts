import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { StoredLog } from '../ports/log-store.ts';
import { logPath } from './log-path.ts';

/** Every log that has files under `folder`, those of a day at once, the oldest day first. */
export async function* listLogs(folder: string): AsyncGenerator<readonly StoredLog[], void, void> {
  for (const month of await namesIn(folder))
    for (const day of await namesIn(path.join(folder, month))) {
      const names = await namesIn(path.join(folder, month, day));
      const ids = new Set(names.flatMap((name) => /^(\w+)\.(?:log|idx)$/.exec(name)?.[1] ?? []));
      const logs: StoredLog[] = [];
      for (const logId of ids)
        if (isAt(folder, logId, path.join(folder, month, day)))
          logs.push({ logId, bytes: await sizeOfLog(path.join(folder, month, day, logId)) });
      if (logs.length > 0) yield logs;
    }
}

/** Bytes of the files at `base`, with the index; 0 where there are none. */
export async function sizeOfLog(base: string): Promise<number> {
  return (await sizeOfFile(`${base}.log`)) + (await sizeOfFile(`${base}.idx`));
}

/** What stands elsewhere than the store puts it is none of its logs. */
function isAt(folder: string, logId: string, place: string): boolean {
  try {
    return logPath(folder, logId) === path.join(place, logId);
  } catch {
    return false;
  }
}

async function sizeOfFile(file: string): Promise<number> {
  return (await stat(file).catch(unlessAbsent))?.size ?? 0;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return ((await readdir(folder).catch(unlessAbsent)) ?? []).sort();
}

function unlessAbsent(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  return null;
}
