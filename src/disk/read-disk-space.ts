import { statfs } from 'node:fs/promises';
import type { DiskSpace } from '../ports/disk-space.ts';

/** The space of the disk that a folder is on. @throws as `statfs`: `ENOENT` where the folder is not. */
export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize } = await statfs(folder);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}
