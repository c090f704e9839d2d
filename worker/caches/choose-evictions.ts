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

/** The caches that go so that the others need no more than `keepBytes`, those that were unused for longest first. Pure. */
export function chooseEvictions(entries: readonly CacheEntry[], keepBytes: number): readonly CacheEntry[] {
  const byUse = [...entries].sort((a, b) => a.usedMs - b.usedMs || (a.id < b.id ? -1 : 1));
  const ofPulls = byUse.filter(({ space }) => !isTrustedSpace(space));
  const gone = new Set(surplus(ofPulls, keepBytes * PULL_REQUESTS));
  const left = byUse.filter((entry) => !gone.has(entry));
  return [...gone, ...surplus(left, keepBytes)];
}

/** Of entries in the order in which they go. */
function surplus(entries: readonly CacheEntry[], keepBytes: number): readonly CacheEntry[] {
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const gone: CacheEntry[] = [];
  for (const entry of entries) {
    if (bytes <= keepBytes) break;
    gone.push(entry);
    bytes -= entry.bytes;
  }
  return gone;
}
