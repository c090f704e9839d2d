import type { FoundLines, LogChunk, LogLine, LogState } from '../core/log.ts';

/**
 * The record of logs. One writer (the server); any number of readers.
 * Appends of one log are serial; those of several logs may run side by side.
 */
export interface LogStore {
  /**
   * Appends chunks and returns, per log, the offset that is durable (after fdatasync). A chunk wholly before
   * that offset is a repetition and harmless; one that overlaps is appended from where it is new.
   * @throws Problem `log_offset_wrong` for a gap (with the expected offset), `disk_full`.
   */
  append(chunks: readonly LogChunk[]): Promise<ReadonlyMap<string, number>>;
  /**
   * Ends a log whose writer was lost, wherever it stands: `line` of stream `system` on a line of its own, then the
   * end, in one with whatever is being appended. Harmless for a log that has ended.
   * @throws Problem `disk_full`.
   */
  seal(logId: string, line: string, timeMs: number): Promise<void>;
  state(logId: string): Promise<LogState>;
  /** Lines `from` to `from + count`, fewer at the end. Line numbers count from 0. */
  readLines(logId: string, from: number, count: number): Promise<readonly LogLine[]>;
  /** Lines from `from` on that show `text`, a piece of a line, capitals or not; ends early in a large log. */
  searchLines(logId: string, from: number, text: string): Promise<FoundLines>;
  /** Bytes of the log from `offset`, at most `length`. */
  readBytes(logId: string, offset: number, length: number): Promise<Uint8Array>;
  /** The whole log as a stream of bytes, equal to what the page shows. */
  stream(logId: string): AsyncIterable<Uint8Array>;
  /** Calls back after each durable append or seal; returns the unsubscribe. */
  watch(logId: string, onGrowth: (state: LogState) => void): () => void;
  remove(logId: string): Promise<void>;
}

/** A log that has files. */
export interface StoredLog {
  readonly logId: string;
  /** On the disk, with its index. */
  readonly bytes: number;
}

/** The same record as a place that fills up. */
export interface LogShelf extends Pick<LogStore, 'remove'> {
  /** Every log that has files, those of a day at once, the oldest day first. Safe beside appends. */
  list(): AsyncIterable<readonly StoredLog[]>;
  /** Bytes on the disk; 0 where there is no such log. */
  sizeOf(logId: string): Promise<number>;
}
