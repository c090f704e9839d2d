import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Removes what a killed git left in a repository that no git works in: lock files and half packs. */
export async function removeStaleLocks(repository: string): Promise<void> {
  const entries = await readdir(repository, { recursive: true, withFileTypes: true });
  const stale = entries.filter(
    (entry) => entry.isFile() && (entry.name.endsWith('.lock') || entry.name.startsWith('tmp_')),
  );
  await Promise.all(stale.map((entry) => rm(path.join(entry.parentPath, entry.name), { force: true })));
}
