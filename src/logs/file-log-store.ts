import { rm } from 'node:fs/promises';
import type { FoundLines, LogChunk, LogLine, LogState } from '../core/log.ts';
import type { LogShelf, LogStore, StoredLog } from '../ports/log-store.ts';
import type { Batch } from './batch.ts';
import { EMPTY, LogFile, type FileState } from './log-file.ts';
import { listLogs, sizeOfLog } from './list-logs.ts';
import { logPath } from './log-path.ts';
import { readLines } from './read-lines.ts';
import { searchLines } from './search-lines.ts';

/** Logs kept open though nobody uses them now. */
const OPEN_FILES = 128;
const STREAM_BYTES = 256 * 1024;

/**
 * Opens the log record under `folder` (made when it is not there). One process may have it open at a time.
 * Appends that come while one of the same log is being written are written together, under one fdatasync.
 */
export function openFileLogStore(folder: string): FileLogStore {
  return new FileLogStore(folder);
}

export class FileLogStore implements LogStore, LogShelf {
  readonly #folder: string;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Map<string, Set<(state: LogState) => void>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async append(chunks: readonly LogChunk[]): Promise<ReadonlyMap<string, number>> {
    const ends = await Promise.allSettled(
      chunks.map((chunk) => this.#use(chunk.logId, (entry) => entry.write((batch) => batch.add(chunk)))),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return new Map(
      chunks.map((chunk, n) => [chunk.logId, (ends[n] as PromiseFulfilledResult<number>).value]),
    );
  }

  async seal(logId: string, line: string, timeMs: number): Promise<void> {
    await this.#use(logId, (entry) => entry.write((batch) => batch.seal(line, timeMs)));
  }

  async state(logId: string): Promise<LogState> {
    const { bytes, lines, sealed } = await this.#use(
      logId,
      async (entry) => (await entry.file())?.state ?? EMPTY,
    );
    return { bytes, lines, sealed };
  }

  async readLines(logId: string, from: number, count: number): Promise<readonly LogLine[]> {
    return this.#use(logId, (entry) => entry.readLines(from, count));
  }

  async searchLines(logId: string, from: number, text: string): Promise<FoundLines> {
    return this.#use(logId, async (entry) => {
      const file = await entry.file();
      return file === null ? { found: [], next: null } : searchLines(file, from, text);
    });
  }

  async readBytes(logId: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#use(
      logId,
      async (entry) => (await entry.file())?.readBytes(offset, length) ?? new Uint8Array(),
    );
  }

  async *stream(logId: string): AsyncGenerator<Uint8Array, void, void> {
    for (let offset = 0; ;) {
      const bytes = await this.readBytes(logId, offset, STREAM_BYTES);
      if (bytes.length === 0) return;
      yield bytes;
      offset += bytes.length;
    }
  }

  watch(logId: string, onGrowth: (state: LogState) => void): () => void {
    const watchers = this.#watchers.get(logId) ?? new Set();
    this.#watchers.set(logId, watchers.add(onGrowth));
    return () => {
      watchers.delete(onGrowth);
      if (watchers.size === 0 && this.#watchers.get(logId) === watchers) this.#watchers.delete(logId);
    };
  }

  async remove(logId: string): Promise<void> {
    const base = logPath(this.#folder, logId);
    const entry = this.#entries.get(logId);
    this.#entries.delete(logId);
    await entry?.close();
    await Promise.all([rm(`${base}.log`, { force: true }), rm(`${base}.idx`, { force: true })]);
  }

  list(): AsyncIterable<readonly StoredLog[]> {
    return listLogs(this.#folder);
  }

  sizeOf(logId: string): Promise<number> {
    return sizeOfLog(logPath(this.#folder, logId));
  }

  /** Waits for what is under way and closes every file. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => entry.close()));
  }

  async #use<T>(logId: string, action: (entry: Entry) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(logId) ?? this.#newEntry(logId);
    // The order of the map is that of use: the first ones are the longest unused.
    this.#entries.delete(logId);
    this.#entries.set(logId, entry);
    entry.users += 1;
    try {
      return await action(entry);
    } finally {
      entry.users -= 1;
      if (this.#entries.size > OPEN_FILES) this.#closeUnused();
    }
  }

  #newEntry(logId: string): Entry {
    return new Entry(logPath(this.#folder, logId), (state) => {
      const { bytes, lines, sealed } = state;
      for (const watcher of this.#watchers.get(logId) ?? []) watcher({ bytes, lines, sealed });
    });
  }

  #closeUnused(): void {
    for (const [logId, entry] of this.#entries) {
      if (this.#entries.size <= OPEN_FILES) return;
      if (entry.users > 0) continue;
      this.#entries.delete(logId);
      void entry.close();
    }
  }
}

interface Waiting {
  readonly addTo: (batch: Batch) => void;
  readonly resolve: (durable: number) => void;
  readonly reject: (reason: unknown) => void;
}

/** One log of the store: its files, once opened, and the appends that wait for them. */
class Entry {
  users = 0;
  readonly #base: string;
  readonly #onGrowth: (state: FileState) => void;
  #file: Promise<LogFile | null> | null = null;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  /** Reads under way: many watchers of one log ask for the same lines at the same time. */
  readonly #reads = new Map<string, Promise<readonly LogLine[]>>();

  constructor(base: string, onGrowth: (state: FileState) => void) {
    this.#base = base;
    this.#onGrowth = onGrowth;
  }

  /** Resolves with the durable length of the log once what `addTo` adds is part of it. */
  write(addTo: (batch: Batch) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ addTo, resolve, reject });
      this.#writing ??= this.#writeWaiting();
    });
  }

  /** The open files, or null while nothing was appended. */
  file(create = false): Promise<LogFile | null> {
    const before = this.#file ?? Promise.resolve(null);
    const opened = before.then((file) => file ?? LogFile.open(this.#base, create));
    this.#file = opened.catch(() => null);
    return opened;
  }

  async readLines(from: number, count: number): Promise<readonly LogLine[]> {
    const file = await this.file();
    if (file === null) return [];
    const key = `${from} ${count} ${file.records}`;
    const same = this.#reads.get(key);
    if (same !== undefined) return same;
    const lines = readLines(file, from, count).finally(() => this.#reads.delete(key));
    this.#reads.set(key, lines);
    return lines;
  }

  async close(): Promise<void> {
    await this.#writing;
    const file = await this.#file;
    this.#file = null;
    await file?.close();
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const file = await this.file(true);
        if (file !== null) await write(file, batch, this.#onGrowth);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = null;
  }
}

/** Writes what of the waiting fits; each is answered for itself. */
async function write(
  file: LogFile,
  waiting: readonly Waiting[],
  onGrowth: (state: FileState) => void,
): Promise<void> {
  const batch = file.batch();
  const taken = waiting.filter(({ addTo, reject }) => {
    try {
      addTo(batch);
      return true;
    } catch (error) {
      reject(error);
      return false;
    }
  });
  const before = file.state;
  const { bytes, sealed } = batch.state;
  const hasGrown = bytes > before.bytes || sealed !== before.sealed;
  if (hasGrown) await file.commit(batch);
  for (const { resolve } of taken) resolve(file.state.bytes);
  if (hasGrown) onGrowth(file.state);
}
