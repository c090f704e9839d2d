/** Room in memory for the bodies that are received at the same time, over all connections. */
export interface ReceivingRoom {
  /** A place for one body, which holds nothing yet. */
  enter(): ReceivingPlace;
}

export interface ReceivingPlace {
  /** Whether so many bytes more would find room now. */
  hasRoomFor(bytes: number): boolean;
  /** Takes so many bytes more; false, with nothing taken, where there is no room. */
  take(bytes: number): boolean;
  /** Gives everything back. Harmless twice. */
  leave(): void;
}

/**
 * Room for `totalBytes`. A body may hold as much as is left free beside it, so that a few large ones never shut out
 * small ones (Choudhury and Hahne, "Dynamic queue length thresholds", 1998).
 */
export function createReceivingRoom(totalBytes: number): ReceivingRoom {
  let free = totalBytes;
  return {
    enter: () => {
      let held = 0;
      const hasRoomFor = (bytes: number): boolean => held + bytes <= free - bytes;
      return {
        hasRoomFor,
        take: (bytes) => {
          if (!hasRoomFor(bytes)) return false;
          held += bytes;
          free -= bytes;
          return true;
        },
        leave: () => {
          free += held;
          held = 0;
        },
      };
    },
  };
}
