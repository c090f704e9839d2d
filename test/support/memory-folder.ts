import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';

const FOLDER = '/dev/shm';
/** What test files have there at a time is far less. */
const LEAST_BYTES = 1024 ** 3;

/**
 * A folder for files that need not outlive a power cut, where an fsync costs nothing: Linux' own in memory, if there is
 * one that is ours to write and to run programs from (containers often have a small one, without `exec`). Else null.
 */
export function memoryFolder(): string | null {
  try {
    accessSync(FOLDER, constants.W_OK);
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const [, , type, options = ''] =
      mounts.findLast((line) => line.split(' ')[1] === FOLDER)?.split(' ') ?? [];
    const { bavail, bsize } = statfsSync(FOLDER);
    const isFit = type === 'tmpfs' && !options.split(',').includes('noexec') && bavail * bsize >= LEAST_BYTES;
    return isFit ? FOLDER : null;
  } catch {
    return null;
  }
}
