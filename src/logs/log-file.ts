import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { LogState } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { makeFolderDurably, syncPath } from '../files/durable.ts';
import { Batch } from './batch.ts';
import { Recent } from './recent.ts';
import { RECORD_BYTES, decodeRecord, isCommit, isWholeBatch, type IndexRecord } from './index-record.ts';

/** State of a log as its files hold it; `newlines` leaves out an unfinished last line. */
export type FileState = LogState & { readonly newlines: number };

export const EMPTY: FileState = { bytes: 0, lines: 0, newlines: 0, sealed: false };

/** The two open files of one log. Appends must be serial; reads may run beside them and see committed bytes only. */
export class LogFile {
  readonly #log: FileHandle;
  readonly #index: FileHandle;
  readonly #path: string;
  #state: FileState;
  #indexBytes: number;
  /** A write failed: the files may hold more than was committed. */
  #torn = false;
  readonly #recentLog = new Recent();
  readonly #recentIndex = new Recent();

  /**
   * Opens the files at `base` + `.log` and `.idx`, repaired. Null when there are none and `create` is false.
   * @throws Problem `disk_full`.
   */
  static async open(base: string, create: boolean): Promise<LogFile | null> {
    try {
      return await LogFile.#open(base, create);
    } catch (error) {
      throw asProblem(error, base);
    }
  }

  static async #open(base: string, create: boolean): Promise<LogFile | null> {
    if (create) await makeFolderDurably(path.dirname(base));
    const log = await openFile(`${base}.log`, create);
    if (log === null) return null;
    const index = await openFile(`${base}.idx`, true).catch(async (error: unknown) => {
      await log.close();
      throw error;
    });
    if (index === null) throw new Error(`${base}.idx was not made`);
    const { state, indexBytes } = await lastCommit(log, index);
    const file = new LogFile(log, index, base, state, indexBytes);
    file.#torn = true;
    await file.#repair();
    // A new file's name is durable only with its folder.
    if (create && state === EMPTY) await syncPath(path.dirname(base));
    return file;
  }

  private constructor(
    log: FileHandle,
    index: FileHandle,
    base: string,
    state: FileState,
    indexBytes: number,
  ) {
    this.#log = log;
    this.#index = index;
    this.#path = base;
    this.#state = state;
    this.#indexBytes = indexBytes;
  }

  get state(): FileState {
    return this.#state;
  }

  /** Number of index records that are committed. */
  get records(): number {
    return this.#indexBytes / RECORD_BYTES;
  }

  batch(): Batch {
    return new Batch(this.#state);
  }

  /**
   * Makes `batch` durable: when it resolves, its bytes and index are past fdatasync.
   * @throws Problem `disk_full`; nothing of the batch remains then, and a later append may succeed.
   */
  async commit(batch: Batch): Promise<void> {
    const { log, index } = batch.encode();
    try {
      await this.#repair();
      this.#torn = true;
      await writeAll(this.#log, log, this.#state.bytes);
      await writeAll(this.#index, index, this.#indexBytes);
      await Promise.all([this.#log.datasync(), this.#index.datasync()]);
    } catch (error) {
      // What can be cut off now need not wait for the next append; if this fails as well, that one repairs.
      await this.#repair().catch(() => undefined);
      throw asProblem(error, this.#path);
    }
    this.#torn = false;
    this.#recentLog.add(this.#state.bytes, log);
    this.#recentIndex.add(this.#indexBytes, index);
    this.#indexBytes += index.length;
    this.#state = batch.state;
  }

  async readBytes(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, this.#state.bytes);
    const count = Math.max(0, end - offset);
    return this.#recentLog.read(offset, count) ?? readAll(this.#log, offset, count);
  }

  /** Index records `from` to `from + count`, fewer at the end. */
  async readRecords(from: number, count: number): Promise<IndexRecord[]> {
    const offset = from * RECORD_BYTES;
    const length = Math.max(0, Math.min(from + count, this.records) - from) * RECORD_BYTES;
    return decodeRecords(
      this.#recentIndex.read(offset, length) ?? (await readAll(this.#index, offset, length)),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#log.close(), this.#index.close()]);
  }

  /** Cuts off what lies past the last commit. */
  async #repair(): Promise<void> {
    if (!this.#torn) return;
    if ((await this.#log.stat()).size !== this.#state.bytes) await this.#log.truncate(this.#state.bytes);
    if ((await this.#index.stat()).size !== this.#indexBytes) await this.#index.truncate(this.#indexBytes);
    this.#torn = false;
  }
}

function asProblem(error: unknown, file: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new Problem('disk_full', { path: path.dirname(file) }, { cause: error });
}

const SCAN_RECORDS = 2_048;

/** The last commit whose records and bytes are whole, and the length of the index up to it. */
async function lastCommit(
  log: FileHandle,
  index: FileHandle,
): Promise<{ readonly state: FileState; readonly indexBytes: number }> {
  const logBytes = (await log.stat()).size;
  let commit = await previousCommit(index, Math.floor((await index.stat()).size / RECORD_BYTES));
  while (commit >= 0) {
    const before = await previousCommit(index, commit);
    const records = await readAll(index, (before + 1) * RECORD_BYTES, (commit - before) * RECORD_BYTES);
    const { offset, line, kind } = decodeRecord(records, records.length - RECORD_BYTES);
    const from = decodeRecord(records, 0).offset;
    if (offset <= logBytes && from <= offset) {
      const bytes = await readAll(log, from, offset - from);
      if (isWholeBatch(records, bytes)) {
        const state = await stateAt(log, offset, line, kind === 'end');
        return { state, indexBytes: (commit + 1) * RECORD_BYTES };
      }
    }
    commit = before;
  }
  return { state: EMPTY, indexBytes: 0 };
}

/** Number of the last record before `record` that looks like a commit, or -1. */
async function previousCommit(index: FileHandle, record: number): Promise<number> {
  for (let end = record; end > 0; end -= SCAN_RECORDS) {
    const from = Math.max(0, end - SCAN_RECORDS);
    const bytes = await readAll(index, from * RECORD_BYTES, (end - from) * RECORD_BYTES);
    for (let at = end - from - 1; at >= 0; at--) if (isCommit(bytes, at * RECORD_BYTES)) return from + at;
  }
  return -1;
}

async function stateAt(
  log: FileHandle,
  bytes: number,
  newlines: number,
  sealed: boolean,
): Promise<FileState> {
  const last = bytes > 0 ? (await readAll(log, bytes - 1, 1))[0] : NEWLINE;
  return { bytes, newlines, lines: newlines + (last === NEWLINE ? 0 : 1), sealed };
}

const NEWLINE = 10;

function decodeRecords(bytes: Buffer): IndexRecord[] {
  return Array.from({ length: bytes.length / RECORD_BYTES }, (_, n) => decodeRecord(bytes, n * RECORD_BYTES));
}

async function openFile(file: string, create: boolean): Promise<FileHandle | null> {
  try {
    return await open(file, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return create ? open(file, 'w+') : null;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Fewer bytes than asked only where the file ends. */
async function readAll(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
