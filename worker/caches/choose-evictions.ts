import { isTrustedSpace } from '../../src/core/cache.ts';

/** A cache, as it is on the disk. */
export interface CacheEntry {
  /** Names it among all. */
  readonly id: string;
  readonly space: string;
  /** Those that a fall-back key is looked for among: of one space and one list of paths. */
  readonly list: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/**
 * What default branches have not saved may have this part of the room, all of it together: it is not to push out what
 * everybody reads. Most builds are of branches and pull requests, so it is no small part.
 */
const OTHERS = 1 / 2;

/** What caches may have together. */
export interface CacheRoom {
  readonly bytes: number;
  /** However small they are, each look goes through all of them. */
  readonly entries: number;
  /** Of one list: each look for a fall-back key goes through all of that. */
  readonly perList: number;
}

/** How large a cache of the space may be at most, in a room of so many bytes. */
export function largestIn(space: string, bytes: number): number {
  return isTrustedSpace(space) ? bytes : Math.floor(bytes * OTHERS);
}

/**
 * The caches that go so that the others have room, those that were unused for longest first. The newest of default branches
 * that fill half of the room go for none that others have saved. Pure.
 */
export function chooseEvictions(entries: readonly CacheEntry[], room: CacheRoom): readonly CacheEntry[] {
  const byUse = [...entries].sort((a, b) => a.usedMs - b.usedMs || (a.id < b.id ? -1 : 1));
  const gone = new Set(
    [...Map.groupBy(byUse, ({ list }) => list).values()].flatMap((list) =>
      list.slice(0, Math.max(0, list.length - room.perList)),
    ),
  );
  const left = () => byUse.filter((entry) => !gone.has(entry));
  for (const entry of surplus(left().filter(isOfOthers), partOf(room, OTHERS))) gone.add(entry);
  for (const entry of surplus(left().filter(isTrusted), room)) gone.add(entry);
  for (const entry of surplus(guardedLast(left(), partOf(room, 1 - OTHERS)), room)) gone.add(entry);
  return [...gone];
}

type Bounds = Pick<CacheRoom, 'bytes' | 'entries'>;

const partOf = ({ bytes, entries }: Bounds, part: number): Bounds => ({
  bytes: bytes * part,
  entries: entries * part,
});
const isTrusted = ({ space }: CacheEntry): boolean => isTrustedSpace(space);
const isOfOthers = (entry: CacheEntry): boolean => !isTrusted(entry);

/** Behind all that may go for others: the newest of default branches, up to the one with which they have their part or more. */
function guardedLast(byUse: readonly CacheEntry[], part: Bounds): readonly CacheEntry[] {
  const guarded = new Set<CacheEntry>();
  let bytes = 0;
  for (const entry of byUse.filter(isTrusted).reverse()) {
    if (bytes >= part.bytes || guarded.size >= part.entries) break;
    guarded.add(entry);
    bytes += entry.bytes;
  }
  return [...byUse.filter((entry) => !guarded.has(entry)), ...guarded];
}

/** Of entries in the order in which they go. */
function surplus(entries: readonly CacheEntry[], room: Bounds): readonly CacheEntry[] {
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const gone: CacheEntry[] = [];
  for (const entry of entries) {
    if (bytes <= room.bytes && entries.length - gone.length <= room.entries) break;
    gone.push(entry);
    bytes -= entry.bytes;
  }
  return gone;
}
