import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Brings a file's content, or a folder's names, to the disk. */
export async function syncPath(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a new file that only its owner may use, its content past fsync; its name is durable with its folder only. */
export async function writeNewFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a file as `writeNewFile` does, whole and durable when this resolves; one that is there by then stays as it is. */
export async function makeFileOnce(file: string, text: string): Promise<void> {
  const aside = besides(file);
  try {
    await writeNewFile(aside, text);
    await link(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
  await syncPath(path.dirname(file));
}

/** Has `make` write a file, or a link, beside `file`, and gives it that place. Where either fails, nothing of it stays. */
export async function replace(
  file: string,
  make: (aside: string) => Promise<unknown>,
  aside = besides(file),
): Promise<void> {
  try {
    await make(aside);
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** As `replace`; durable when this resolves, as far as what `make` wrote is. */
export async function replaceDurably(...args: Parameters<typeof replace>): Promise<void> {
  await replace(...args);
  await syncPath(path.dirname(args[0]));
}

const besides = (file: string): string => `${file}.${randomBytes(6).toString('hex')}`;

/** Renames within a file system; durable when this resolves, as far as the content of `from` is. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncPath(path.dirname(to));
}

/**
 * Makes a folder, with those above it, their names durable when this resolves. One that is there stays as it is. Gives
 * those that it made, the outermost first; where it fails, none of them stays.
 *
 * Not by the `recursive` of Node's `mkdir`: that never ends where the system says ENOENT below a folder that is there,
 * as in /proc, and it says ENOENT itself of a disk that is read-only.
 */
export async function makeFolderDurably(folder: string, mode = 0o777): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !(await isFolder(at)); at = path.dirname(at)) missing.unshift(at);
  const made: string[] = [];
  try {
    for (const one of missing) if (await makeOne(one, mode)) made.push(one);
    return made;
  } catch (error) {
    await removeFolders(made);
    throw error;
  }
}

/** Removes folders that were made, given as `makeFolderDurably` gives them, as far as nothing is in them. */
export async function removeFolders(made: readonly string[]): Promise<void> {
  for (const folder of made.toReversed()) await rmdir(folder).catch(() => undefined);
}

/** False: somebody else has made it meanwhile. */
async function makeOne(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isFolder(folder))) return false;
    throw error;
  }
  await syncPath(path.dirname(folder));
  return true;
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
