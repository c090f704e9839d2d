import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { makeFolderDurably } from './durable.ts';

/**
 * Makes the data folder, and those in it, for its owner alone; one that is there stays as it is. Files can be made in
 * them then. Gives the folders that it made, as `makeFolderDurably` does.
 * @throws Problem `data_folder_wrong`, which names the one that cannot be used.
 */
export async function openDataFolder(
  folder: string,
  within: readonly string[] = [],
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const one of [folder, ...within.map((name) => path.join(folder, name))])
    made.push(...(await openFolder(one)));
  return made;
}

async function openFolder(folder: string): Promise<readonly string[]> {
  try {
    const made = await makeFolderDurably(folder, 0o700);
    await access(folder, constants.W_OK | constants.X_OK);
    return made;
  } catch (error) {
    const { message } = error as Error;
    throw new Problem('data_folder_wrong', { folder, cause: message }, { cause: error });
  }
}
