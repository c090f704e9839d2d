import type { DiskShare } from '../../config/formats.ts';
import type { DiskSpace, ReadDiskRoom } from '../ports/disk-space.ts';
import { lowMark, missingRoom, sizeText } from './low-disk.ts';

export interface DiskWatchDeps {
  /** For a person, e.g. `its disk`. */
  readonly whose: string;
  /** Null: it cannot be seen from here, and is taken to have room. */
  readonly readSpace: () => Promise<DiskSpace | null>;
  readonly low: DiskShare;
  /** There is too little room now (why), or enough again (null). */
  readonly onChange: (why: string | null) => void;
  readonly onError: (error: unknown) => void;
  /** Default 5,000. */
  readonly everyMs?: number;
}

/** Looks at how full a disk is. What it cannot ask, it takes to be as before. */
export interface DiskWatch {
  /** Why no build is to be started, or null; as of the last look. */
  readonly whyPaused: () => string | null;
  /** What is free now. */
  readonly readRoom: ReadDiskRoom;
  /** One look now. */
  look(): Promise<void>;
  start(): void;
  stop(): void;
}

const EVERY_MS = 5_000;

export function createDiskWatch(deps: DiskWatchDeps): DiskWatch {
  let why: string | null = null;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    try {
      const space = await deps.readSpace();
      const room = space === null ? null : missingRoom(space, deps.low, why !== null);
      const before = why;
      why = room === null ? null : `${deps.whose} has less than ${sizeText(room)} free`;
      if (why !== before) deps.onChange(why);
    } catch (error) {
      deps.onError(error);
    }
  };
  return {
    whyPaused: () => why,
    readRoom: async () => {
      try {
        const space = await deps.readSpace();
        return space === null ? null : { freeBytes: space.freeBytes, lowBytes: lowMark(space, deps.low) };
      } catch (error) {
        deps.onError(error);
        return null;
      }
    },
    look,
    start: () => void (timer = setInterval(() => void look(), deps.everyMs ?? EVERY_MS)),
    stop: () => clearInterval(timer),
  };
}
