import { access, constants } from 'node:fs/promises';
import { Problem } from '../core/problem.ts';
import { makeFolderDurably } from './durable.ts';

/**
 * Makes the data folder, for its owner alone; one that is there stays as it is. Files can be made in it then. Gives the
 * folders that it made, as `makeFolderDurably` does.
 * @throws Problem `data_folder_wrong`.
 */
export async function openDataFolder(folder: string): Promise<readonly string[]> {
  try {
    const made = await makeFolderDurably(folder, 0o700);
    await access(folder, constants.W_OK | constants.X_OK);
    return made;
  } catch (error) {
    const { message } = error as Error;
    throw new Problem('data_folder_wrong', { folder, cause: message }, { cause: error });
  }
}
