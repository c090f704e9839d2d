import { statfs } from 'node:fs/promises';
import type { DiskShare } from '../config/formats.ts';

/** What is free on the disk of a folder, in bytes, and whether that is less than the mark. */
export async function readDiskRoom(
  directory: string,
  mark: DiskShare,
): Promise<{ readonly freeBytes: number; readonly isLow: boolean }> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  return {
    freeBytes,
    isLow: freeBytes < ('bytes' in mark ? mark.bytes : (blocks * bsize * mark.percent) / 100),
  };
}
