import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, statfs, utimes, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { DiskShare } from '../../config/formats.ts';
import { CACHE_SPACE, type CacheSpaces } from '../../src/core/cache.ts';
import { makeFolderDurably, syncPath, writeNewFile } from '../../src/files/durable.ts';
import { chooseEvictions, type CacheEntry } from './choose-evictions.ts';

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

interface About {
  readonly key: string;
  readonly paths: readonly string[];
  readonly createdMs: number;
  readonly bytes: number;
}

const MOST_CACHES = 10_000;
/** How many bytes are written between two looks at the disk. */
const LOOK_BYTES = 64 * 1024 ** 2;

/**
 * Caches in a folder: `spaces/<space>/<name>/` with the archive and what it is. One is written aside and gets its place by
 * one rename when all of it is durable, so that nothing half is ever there, and the first of a key stays. Several
 * processes may share the folder.
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
      const found = await this.#open(space, nameOf(name));
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
    const isSame = samePaths(paths);
    const all: { readonly space: string; readonly name: string; readonly about: About }[] = [];
    for (const space of readable(spaces))
      for (const name of await namesIn(path.join(this.#spaces, space))) {
        const about = await this.#about(space, name);
        if (about !== null && isSame(about.paths)) all.push({ space, name, about });
      }
    all.sort((a, b) => b.about.createdMs - a.about.createdMs);
    for (const prefix of prefixes) {
      const exact = await this.find(spaces, { key: prefix, paths });
      if (exact !== null) return exact;
      for (const { space, name, about } of all) {
        const found = about.key.startsWith(prefix) ? await this.#open(space, name) : null;
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
    const target = path.join(this.#spaces, checked(space), nameOf(name));
    const aside = path.join(this.#aside, `${owner}.${randomBytes(8).toString('hex')}`);
    await this.#demandRoom();
    await makeFolderDurably(aside, 0o700);
    try {
      const bytes = await this.#write(path.join(aside, 'archive'), write);
      const about: About = { ...name, createdMs: Date.now(), bytes };
      await writeNewFile(path.join(aside, 'about.json'), JSON.stringify(about));
      await syncPath(aside);
      await makeFolderDurably(path.dirname(target), 0o700);
      if (!(await takesPlace(aside, target))) return { kind: 'there' };
      await syncPath(path.dirname(target));
      return { kind: 'first', bytes };
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }

  /** Brings the caches down to their room. Returns how many went. */
  async evict(): Promise<number> {
    const entries: CacheEntry[] = [];
    for (const space of await namesIn(this.#spaces))
      for (const name of await namesIn(path.join(this.#spaces, space))) {
        const file = path.join(this.#spaces, space, name, 'archive');
        const facts = await stat(file).catch(nullIfGone);
        if (facts !== null)
          entries.push({ id: `${space}/${name}`, space, bytes: facts.size, usedMs: facts.mtimeMs });
      }
    const gone = chooseEvictions(entries, { bytes: this.#settings.keepBytes, entries: MOST_CACHES });
    for (const { id } of gone) await this.#remove(path.join(this.#spaces, id));
    return gone.length;
  }

  /** Removes what savings that were cut short left aside. */
  async clearLeftovers(isAlive: (owner: string) => boolean): Promise<void> {
    for (const name of await namesIn(this.#aside))
      if (!isAlive(name.replace(/\.[^.]*$/, '')))
        await rm(path.join(this.#aside, name), { recursive: true, force: true });
  }

  /** Out of its place at once, so that nobody finds half of it. */
  async #remove(entry: string): Promise<void> {
    const aside = path.join(this.#aside, `gone.${randomBytes(8).toString('hex')}`);
    await makeFolderDurably(this.#aside, 0o700);
    await rename(entry, aside).catch(nullIfGone);
    await rm(aside, { recursive: true, force: true });
  }

  async #open(space: string, name: string): Promise<FoundCache | null> {
    const about = await this.#about(space, name);
    if (about === null) return null;
    const file = path.join(this.#spaces, checked(space), name, 'archive');
    const archive = await open(file, 'r').catch(nullIfGone);
    if (archive === null) return null;
    const now = new Date();
    await utimes(file, now, now).catch(nullIfGone); // by which it is known when it was used
    return { key: about.key, space, bytes: about.bytes, archive };
  }

  async #about(space: string, name: string): Promise<About | null> {
    const file = path.join(this.#spaces, checked(space), name, 'about.json');
    const text = await readFile(file, 'utf8').catch(nullIfGone);
    return text === null ? null : readAbout(text);
  }

  async #write(
    file: string,
    write: (file: FileHandle, wrote: (bytes: number) => Promise<void>) => Promise<void>,
  ): Promise<number> {
    const handle = await open(file, 'wx', 0o600);
    let [written, lookAt] = [0, LOOK_BYTES];
    try {
      await write(handle, async (bytes) => {
        written += bytes;
        if (written > this.#settings.keepBytes)
          throw new NoRoom(`it is larger than the room for all caches, ${this.#settings.keepBytes} bytes`);
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
    const { bavail, blocks, bsize } = await statfs(directory);
    const low = 'bytes' in diskLow ? diskLow.bytes : (blocks * bsize * diskLow.percent) / 100;
    if (bavail * bsize < low)
      throw new NoRoom(`only ${bavail * bsize} bytes of the worker's disk are free (SLIPWAY_DISK_LOW)`);
  }
}

const readable = ({ own, others }: CacheSpaces): readonly string[] => [own, ...others];

/** Spaces come from the server, and are folders here. */
function checked(space: string): string {
  if (!CACHE_SPACE.test(space)) throw new Error(`${space} is no space of caches`);
  return space;
}

/** Null for what a failing disk has left of it. */
function readAbout(text: string): About | null {
  try {
    return JSON.parse(text) as About;
  } catch {
    return null;
  }
}

function nameOf({ key, paths }: CacheName): string {
  return createHash('sha256')
    .update(JSON.stringify([key, paths]))
    .digest('hex')
    .slice(0, 40);
}

function samePaths(paths: readonly string[]): (others: readonly string[]) => boolean {
  const text = JSON.stringify(paths);
  return (others) => JSON.stringify(others) === text;
}

/** False: another one has it. A folder cannot be renamed over one that has something in it (rename(2)). */
async function takesPlace(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(nullIfGone)) ?? [];
}

function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  return null;
}
