import type { DiskShare } from '../../config/formats.ts';
import type { DiskSpace } from '../ports/disk-space.ts';

/** What is free has to grow by this part of the mark before builds start again, so that they do not start and wait by turns. */
const MARGIN = 1 / 4;

/**
 * How much has to be free for builds to start again; null while there is room. Pure.
 * @param wasLow Whether it was low before: then it is until the margin above the mark is free, too.
 */
export function missingRoom(space: DiskSpace, low: DiskShare, wasLow: boolean): number | null {
  const mark = lowMark(space, low);
  const room = mark + MARGIN * Math.min(mark, Math.max(0, space.totalBytes - mark));
  return space.freeBytes < (wasLow ? room : mark) ? room : null;
}

/** With less than this free, in bytes, a disk is low. Pure. */
export function lowMark({ totalBytes }: DiskSpace, low: DiskShare): number {
  return 'bytes' in low ? low.bytes : Math.floor((totalBytes * low.percent) / 100);
}

/** Bytes for a person: `2.5 GiB`. */
export function sizeText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  const value = Number((bytes / 1024 ** power).toFixed(1));
  return `${value} ${['bytes', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
