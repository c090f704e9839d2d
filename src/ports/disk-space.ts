/** What a disk has, in bytes: all of it, and what an unprivileged process may still write. */
export interface DiskSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** Asks the file system; cheap enough for every few seconds. */
export type ReadDiskSpace = () => Promise<DiskSpace>;
