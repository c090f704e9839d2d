import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Removes what a killed git left in a repository, if it is older than `ageMs`: locks, half packs, the note that a
 * `git gc` is at work.
 */
export async function removeLeftovers(gitDir: string, ageMs: number): Promise<void> {
  const entries = await readdir(gitDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && isLeftover(entry.name));
  for (const { parentPath, name } of files) {
    const file = path.join(parentPath, name);
    const mtimeMs = (await stat(file).catch(() => null))?.mtimeMs;
    if (mtimeMs !== undefined && Date.now() - mtimeMs >= ageMs) await rm(file, { force: true });
  }
}

function isLeftover(name: string): boolean {
  return name.endsWith('.lock') || /^(\.?tmp[-_]|gc\.pid$|packed-refs\.new$)/.test(name);
}
