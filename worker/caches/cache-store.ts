import { createHash, randomBytes } from 'node:crypto';
import { open, rename, rm, rmdir, stat, utimes, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { DiskShare } from '../../config/formats.ts';
import { CACHE_SPACE, isTrustedSpace, type CacheSpaces } from '../../src/core/cache.ts';
import { makeFolderDurably, syncPath, writeNewFile } from '../../src/files/durable.ts';
import { readDiskRoom } from '../disk-room.ts';
import { aboutOf, isWhole, namesIn, nullIfGone, nullIfKept, renameTo, type About } from './cache-files.ts';
import { chooseEvictions, largestIn, type CacheEntry } from './choose-evictions.ts';

/** What a cache is found by. */
export interface CacheName {
  readonly key: string;
  /** What is cached: absolute paths of a container. Another list is another cache, whatever its key. */
  readonly paths: readonly string[];
}

/** A cache that was found; it can be read even if it goes meanwhile. Close it. */
export interface FoundCache {
  readonly key: string;
  readonly space: string;
  readonly bytes: number;
  readonly archive: FileHandle;
}

/** How a cache was saved: `first`, or another had the key by then. */
export type Saved = { readonly kind: 'first'; readonly bytes: number } | { readonly kind: 'there' };

/** Why a cache is not saved, as the end of a sentence. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

export interface CacheSettings {
  /** Absolute path; made when it is not there. */
  readonly directory: string;
  /** Room for all caches together; 0: none are kept. */
  readonly keepBytes: number;
  /** With less than this free on its disk nothing is saved. */
  readonly diskLow: DiskShare;
}

type Place = Pick<CacheEntry, 'id' | 'space' | 'list'>;

const MOST_CACHES = 10_000;
/** Of one space and one list of paths. */
const MOST_IN_LIST = 100;
/** Of a place whose folder others remove meanwhile. */
const MOST_TRIES = 5;
/** How many bytes are written between two looks at the disk. */
const LOOK_BYTES = 64 * 1024 ** 2;

/**
 * Caches in a folder: `spaces/<space>/<list of paths>/<name>/` with the archive and what it is. One is written aside and
 * gets its place by one rename when all of it is durable, so that nothing half is ever there, and the first of a key
 * stays. Several processes may share the folder.
 */
export class CacheStore {
  readonly #settings: CacheSettings;
  readonly #spaces: string;
  readonly #aside: string;

  constructor(settings: CacheSettings) {
    this.#settings = settings;
    this.#spaces = path.join(settings.directory, 'spaces');
    this.#aside = path.join(settings.directory, 'aside');
  }

  get isOff(): boolean {
    return this.#settings.keepBytes === 0;
  }

  /** The cache of the key, the build's own before those of others; null where there is none. */
  async find(spaces: CacheSpaces, name: CacheName): Promise<FoundCache | null> {
    for (const space of readable(spaces)) {
      const found = await this.#open(space, this.#placeOf(space, name));
      if (found !== null) return found;
    }
    return null;
  }

  /** For the first of the prefixes that has any: the cache of that very key, else the newest whose key begins with it. */
  async findLike(
    spaces: CacheSpaces,
    paths: readonly string[],
    prefixes: readonly string[],
  ): Promise<FoundCache | null> {
    if (prefixes.length === 0) return null;
    const all: { readonly space: string; readonly entry: string; readonly about: About }[] = [];
    for (const space of readable(spaces)) {
      const list = path.join(this.#spaces, checked(space), hashOf(paths));
      for (const name of await namesIn(list)) {
        const about = await aboutOf(path.join(list, name));
        if (about !== null) all.push({ space, entry: path.join(list, name), about });
      }
    }
    all.sort((a, b) => b.about.createdMs - a.about.createdMs);
    for (const prefix of prefixes) {
      const exact = await this.find(spaces, { key: prefix, paths });
      if (exact !== null) return exact;
      for (const { space, entry, about } of all) {
        const found = about.key.startsWith(prefix) ? await this.#open(space, entry) : null;
        if (found !== null) return found;
      }
    }
    return null;
  }

  /**
   * Saves what `write` puts into the file that it is given, unless there is one of that key by then.
   * @param owner Names who writes, for {@link clearLeftovers}.
   * @throws {@link NoRoom}; what `write` throws. Then nothing is left.
   */
  async save(
    owner: string,
    space: string,
    name: CacheName,
    write: (file: FileHandle, wrote: (bytes: number) => Promise<void>) => Promise<void>,
  ): Promise<Saved> {
    const target = this.#placeOf(space, name);
    const aside = path.join(this.#aside, `${owner}.${randomBytes(8).toString('hex')}`);
    await this.#demandRoom();
    await makeFolderDurably(aside, 0o700);
    try {
      const bytes = await this.#write(path.join(aside, 'archive'), space, write);
      const about: About = { ...name, createdMs: Date.now(), bytes };
      await writeNewFile(path.join(aside, 'about.json'), JSON.stringify(about));
      await syncPath(aside);
      const now = new Date();
      await utimes(path.join(aside, 'archive'), now, now); // as used now: others were while it was written
      if (!(await this.#takesPlace(aside, target))) return { kind: 'there' };
      return { kind: 'first', bytes };
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }

  /**
   * Brings the caches down to their room; those without an archive and folders that are empty go, too. Returns how many
   * went.
   */
  async evict(): Promise<number> {
    const { places, folders } = await this.#look();
    const entries: CacheEntry[] = [];
    const gone: string[] = [];
    for (const place of places) {
      const facts = await stat(path.join(this.#spaces, place.id, 'archive')).catch(nullIfGone);
      if (facts === null) gone.push(place.id);
      else entries.push({ ...place, bytes: facts.size, usedMs: facts.mtimeMs });
    }
    const room = { bytes: this.#settings.keepBytes, entries: MOST_CACHES, perList: MOST_IN_LIST };
    gone.push(...chooseEvictions(entries, room).map(({ id }) => id));
    return this.#clear(gone, folders);
  }

  /**
   * Removes what is damaged: it reads of each cache what it is, so not after each save. Returns how many went.
   * @throws What kept it from one of them, after it has looked at all.
   */
  async removeDamaged(): Promise<number> {
    const { places, folders } = await this.#look();
    const problems: unknown[] = [];
    let removed = 0;
    for (const { id } of places) {
      const entry = path.join(this.#spaces, id);
      try {
        // Asked again right before: what was not there, another process may have just put there.
        if ((await isWhole(entry)) || (await isWhole(entry))) continue;
        await this.#remove(entry);
        removed += 1;
      } catch (error) {
        problems.push(error);
      }
    }
    await this.#clear([], folders);
    if (problems.length > 0) throw problems[0];
    return removed;
  }

  /** Removes what savings that were cut short left aside. */
  async clearLeftovers(isAlive: (owner: string) => boolean): Promise<void> {
    for (const name of await namesIn(this.#aside))
      if (!isAlive(name.replace(/\.[^.]*$/, '')))
        await rm(path.join(this.#aside, name), { recursive: true, force: true });
  }

  async #look(): Promise<{ readonly places: readonly Place[]; readonly folders: readonly string[] }> {
    const places: Place[] = [];
    const folders: string[] = [];
    for (const space of await namesIn(this.#spaces)) {
      for (const list of await namesIn(path.join(this.#spaces, space))) {
        for (const name of await namesIn(path.join(this.#spaces, space, list)))
          places.push({ id: path.join(space, list, name), space, list: `${space}/${list}` });
        folders.push(path.join(this.#spaces, space, list));
      }
      folders.push(path.join(this.#spaces, space));
    }
    return { places, folders };
  }

  async #clear(gone: readonly string[], folders: readonly string[]): Promise<number> {
    for (const id of gone) await this.#remove(path.join(this.#spaces, id));
    for (const folder of folders) await rmdir(folder).catch(nullIfKept);
    return gone.length;
  }

  /** Out of its place at once, so that nobody finds half of it. */
  async #remove(entry: string): Promise<void> {
    const aside = path.join(this.#aside, `gone.${randomBytes(8).toString('hex')}`);
    await makeFolderDurably(this.#aside, 0o700);
    await rename(entry, aside).catch(nullIfGone);
    await rm(aside, { recursive: true, force: true });
  }

  #placeOf(space: string, { key, paths }: CacheName): string {
    return path.join(this.#spaces, checked(space), hashOf(paths), hashOf(key));
  }

  /** False: another one has the place. One that is damaged does not keep it. */
  async #takesPlace(from: string, to: string): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      await makeFolderDurably(path.dirname(to), 0o700);
      const taken = await renameTo(from, to);
      if (taken === 'taken') {
        await syncPath(path.dirname(to));
        return true;
      }
      if (taken === 'there' && (await isWhole(to))) return false;
      if (tries === MOST_TRIES) throw new Error('its folder is removed again and again');
      if (taken === 'there') await this.#remove(to);
    }
  }

  async #open(space: string, entry: string): Promise<FoundCache | null> {
    const about = await aboutOf(entry);
    if (about === null) return null;
    const file = path.join(entry, 'archive');
    const archive = await open(file, 'r').catch(nullIfGone);
    if (archive === null) return null;
    if ((await archive.stat()).size !== about.bytes) {
      await archive.close();
      return null;
    }
    const now = new Date();
    await utimes(file, now, now).catch(nullIfGone); // by which it is known when it was used
    return { key: about.key, space, bytes: about.bytes, archive };
  }

  async #write(
    file: string,
    space: string,
    write: (file: FileHandle, wrote: (bytes: number) => Promise<void>) => Promise<void>,
  ): Promise<number> {
    const handle = await open(file, 'wx', 0o600);
    const most = largestIn(space, this.#settings.keepBytes);
    const room = isTrustedSpace(space)
      ? `all caches, ${most} bytes (SLIPWAY_KEEP_CACHES_BYTES)`
      : `those that no default branch has saved, ${most} bytes, half of SLIPWAY_KEEP_CACHES_BYTES`;
    let [written, lookAt] = [0, LOOK_BYTES];
    try {
      await write(handle, async (bytes) => {
        written += bytes;
        if (written > most) throw new NoRoom(`it is larger than the room for ${room}`);
        if (written < lookAt) return;
        lookAt = written + LOOK_BYTES;
        await this.#demandRoom();
      });
      await handle.sync();
      return (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  }

  async #demandRoom(): Promise<void> {
    const { directory, diskLow } = this.#settings;
    await makeFolderDurably(directory, 0o700);
    const { freeBytes, isLow } = await readDiskRoom(directory, diskLow);
    if (isLow) throw new NoRoom(`only ${freeBytes} bytes of the worker's disk are free (SLIPWAY_DISK_LOW)`);
  }
}

const readable = ({ own, others }: CacheSpaces): readonly string[] => [own, ...others];

/** Spaces come from the server, and are folders here. */
function checked(space: string): string {
  if (!CACHE_SPACE.test(space)) throw new Error(`${space} is no space of caches`);
  return space;
}

function hashOf(what: string | readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 40);
}
