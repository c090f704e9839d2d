import { crc32 } from 'node:zlib';
import type { LogChunk, LogSegment, LogState } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { RUN_BYTES, RUN_LINES, encodeBatch, type IndexRecord } from './index-record.ts';

/** What one write adds to a log: gathered from chunks in memory, then written at once. */
export class Batch {
  readonly #bytes: Uint8Array[] = [];
  readonly runs: IndexRecord[] = [];
  #offset: number;
  #line: number;
  #lastByte: number;
  #sealed: boolean;
  #runOffset = 0;
  #runLine = 0;

  constructor(before: LogState & { readonly newlines: number }) {
    this.#offset = before.bytes;
    this.#line = before.newlines;
    this.#lastByte = before.lines > before.newlines ? 0 : NEWLINE;
    this.#sealed = before.sealed;
  }

  /**
   * Adds what of `chunk` is new.
   * @throws Problem `log_offset_wrong` for a gap, `already_ended` for bytes after the log's end.
   */
  add(chunk: LogChunk): void {
    if (chunk.offset > this.#offset)
      throw new Problem('log_offset_wrong', {
        log: chunk.logId,
        expected: this.#offset,
        offset: chunk.offset,
      });
    const known = this.#offset - chunk.offset;
    if (this.#sealed && chunk.bytes.length > known)
      throw new Problem('already_ended', { what: 'log', id: chunk.logId, status: `${this.#offset} bytes` });
    let at = 0;
    for (const segment of chunk.segments) {
      const from = Math.max(at, known);
      at += segment.length;
      if (from < at) this.#addRun(segment, chunk.bytes.subarray(from, at));
    }
    if (chunk.end && known <= chunk.bytes.length) this.#sealed = true;
  }

  /** Ends the log with a line of the server's own, unless it has ended. */
  seal(line: string, timeMs: number): void {
    if (this.#sealed) return;
    const start = this.#lastByte === NEWLINE ? '' : '\n';
    const bytes = Buffer.from(`${start}${line}\n`);
    this.#addRun({ length: bytes.length, timeMs, stream: 'system' }, bytes);
    this.#sealed = true;
  }

  get state(): LogState & { readonly newlines: number } {
    const unfinished = this.#offset > 0 && this.#lastByte !== NEWLINE ? 1 : 0;
    return {
      bytes: this.#offset,
      newlines: this.#line,
      lines: this.#line + unfinished,
      sealed: this.#sealed,
    };
  }

  /** The bytes for the log and for its index. */
  encode(): { readonly log: Buffer; readonly index: Buffer } {
    const log = Buffer.concat(this.#bytes);
    const end = { offset: this.#offset, line: this.#line, sealed: this.#sealed, crc: crc32(log) };
    return { log, index: encodeBatch(this.runs, end) };
  }

  #addRun({ timeMs, stream }: LogSegment, bytes: Uint8Array): void {
    const last = this.runs.at(-1);
    if (last?.timeMs !== timeMs || last.kind !== stream) this.#startRun(timeMs, stream, this.#offset);
    for (let from = 0, newline = bytes.indexOf(NEWLINE); newline >= 0;) {
      this.#line += 1;
      from = newline + 1;
      newline = bytes.indexOf(NEWLINE, from);
      const offset = this.#offset + from;
      const isLong = this.#line - this.#runLine >= RUN_LINES || offset - this.#runOffset >= RUN_BYTES;
      if (isLong && from < bytes.length) this.#startRun(timeMs, stream, offset);
    }
    this.#bytes.push(bytes);
    this.#offset += bytes.length;
    this.#lastByte = bytes[bytes.length - 1] ?? this.#lastByte;
  }

  #startRun(timeMs: number, kind: IndexRecord['kind'], offset: number): void {
    this.runs.push({ offset, line: this.#line, timeMs, kind });
    this.#runOffset = offset;
    this.#runLine = this.#line;
  }
}

const NEWLINE = 10;
