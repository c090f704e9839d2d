import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { makeFolderDurably } from './durable.ts';

/**
 * Makes the data folder, for its owner alone; one that is there stays as it is. Files can be made in it then.
 * @throws Problem `data_folder_wrong`.
 */
export async function openDataFolder(folder: string): Promise<void> {
  try {
    await makeFolderDurably(folder, 0o700);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { message } = await reasonOf(folder, error as Error);
    throw new Problem('data_folder_wrong', { folder, cause: message }, { cause: error });
  }
}

/** Node says ENOENT of a folder that cannot be made on a read-only disk: the nearest one that is there knows better. */
async function reasonOf(folder: string, error: Error): Promise<Error> {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  for (let at = path.dirname(path.resolve(folder)); ; at = path.dirname(at))
    try {
      await access(at, constants.W_OK | constants.X_OK);
      return error;
    } catch (refusal) {
      const isMissing = (refusal as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isMissing) return refusal as Error;
      if (at === path.dirname(at)) return error;
    }
}
