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

/**
 * Removes packs that a git wrote when it was ended, by whatever: it leaves them, as large as they had become. For a
 * repository in which no git writes packs meanwhile; one of a server that was killed before this one may, and fails then.
 */
export async function removeHalfPacks(gitDir: string): Promise<void> {
  const folder = path.join(gitDir, 'objects/pack');
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => TEMPORARY.test(one)))
    await rm(path.join(folder, name), { force: true });
}

const TEMPORARY = /^\.?tmp[-_]/;

function isLeftover(name: string): boolean {
  return name.endsWith('.lock') || TEMPORARY.test(name) || name === 'gc.pid' || name === 'packed-refs.new';
}
