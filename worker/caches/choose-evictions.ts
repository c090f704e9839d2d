import { isTrustedSpace } from '../../src/core/cache.ts';

/** A cache, as it is on the disk. */
export interface CacheEntry {
  /** Names it among all: `<space>/<name>`. */
  readonly id: string;
  readonly space: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** All pull requests together may have this part of the room: what they save is not to push out what everybody reads. */
const PULL_REQUESTS = 1 / 4;

/** What caches may have together. */
export interface CacheRoom {
  readonly bytes: number;
  /** However small they are, each look goes through all of them. */
  readonly entries: number;
}

/** The caches that go so that the others have room, those that were unused for longest first. Pure. */
export function chooseEvictions(entries: readonly CacheEntry[], room: CacheRoom): readonly CacheEntry[] {
  const byUse = [...entries].sort((a, b) => a.usedMs - b.usedMs || (a.id < b.id ? -1 : 1));
  const ofPulls = byUse.filter(({ space }) => !isTrustedSpace(space));
  const share = { bytes: room.bytes * PULL_REQUESTS, entries: room.entries * PULL_REQUESTS };
  const gone = new Set(surplus(ofPulls, share));
  const left = byUse.filter((entry) => !gone.has(entry));
  return [...gone, ...surplus(left, room)];
}

/** Of entries in the order in which they go. */
function surplus(entries: readonly CacheEntry[], room: CacheRoom): readonly CacheEntry[] {
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const gone: CacheEntry[] = [];
  for (const entry of entries) {
    if (bytes <= room.bytes && entries.length - gone.length <= room.entries) break;
    gone.push(entry);
    bytes -= entry.bytes;
  }
  return gone;
}
