/** What a disk has, in bytes: all of it, and what an unprivileged process may still write. */
export interface DiskSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** What a disk has free, and how much of that is to stay free, in bytes. */
export interface DiskRoom {
  readonly freeBytes: number;
  readonly lowBytes: number;
}

/** Asks the file system; cheap enough for every few seconds. */
export type ReadDiskSpace = () => Promise<DiskSpace>;

/** As {@link ReadDiskSpace}; null where it could not be told. */
export type ReadDiskRoom = () => Promise<DiskRoom | null>;
