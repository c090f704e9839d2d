import { readdir } from 'node:fs/promises';
import { askGit } from './persons-repository.ts';

/** A folder whose files are taken. */
export interface FilesOf {
  /** Absolute path. */
  readonly root: string;
  /** False: a folder that git knows nothing of; all of it is taken. */
  readonly isRepository: boolean;
}

/**
 * Names of the files of a working tree, from its root: tracked ones and new ones that git does not ignore. Names are bytes
 * to Linux and to git: as Latin-1 each byte is a character, and {@link pathOf} gives them back as they were. One that git
 * tracks may be gone, or be a folder: a repository of its own.
 */
export async function listFiles(tree: FilesOf, signal?: AbortSignal): Promise<readonly string[]> {
  if (!tree.isRepository) return listFolder(tree.root);
  const what = ['--cached', '--others', '--exclude-standard', '--deduplicate'];
  const listed = await askGit(tree.root, ['ls-files', '-z', ...what], signal);
  return listed
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '');
}

/** Where a listed file lies below `root`. */
export function pathOf(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}

async function listFolder(root: string): Promise<readonly string[]> {
  const names: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const options = { withFileTypes: true, encoding: 'buffer' } as const;
    for (const entry of await readdir(pathOf(root, folder), options).catch(unlessGone)) {
      const name = `${folder}${entry.name.toString('latin1')}`;
      if (entry.isDirectory()) await walk(`${name}/`);
      else names.push(name);
    }
  };
  await walk('');
  return names;
}

/** What goes while it is looked at is not there. */
export function unlessGone(error: unknown): [] {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
  throw error;
}
