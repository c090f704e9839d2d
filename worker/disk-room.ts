import type { DiskShare } from '../config/formats.ts';
import { lowMark } from '../src/disk/low-disk.ts';
import { readDiskSpace } from '../src/disk/read-disk-space.ts';

/** What is free on the disk of a folder, in bytes, and whether that is less than the mark. */
export async function readDiskRoom(
  directory: string,
  mark: DiskShare,
): Promise<{ readonly freeBytes: number; readonly isLow: boolean }> {
  const space = await readDiskSpace(directory);
  return { freeBytes: space.freeBytes, isLow: space.freeBytes < lowMark(space, mark) };
}
