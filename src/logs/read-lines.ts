import type { LogLine, LogStream } from '../core/log.ts';
import type { IndexRecord } from './index-record.ts';
import type { LogFile } from './log-file.ts';

/**
 * Bounds of one read, for display only: the bytes of the log are never cut. A line longer than `lineBytes` is shown
 * as its first `headBytes`, a note of what is left out, and its last `tailBytes` (where a progress line's newest
 * state is). A read ends early, with fewer lines but at least one, past `readBytes`.
 */
export const DISPLAY = {
  lineBytes: 64 * 1024,
  headBytes: 48 * 1024,
  tailBytes: 16 * 1024,
  readBytes: 4 * 1024 * 1024,
} as const;

/** Lines `from` to `from + count` of what is committed. */
export async function readLines(file: LogFile, from: number, count: number): Promise<LogLine[]> {
  const { bytes: end, lines: last } = file.state;
  const wanted = Math.min(from + count, last);
  if (from < 0 || from >= wanted) return [];
  const record = await lastRecordBeforeLine(file, from);
  const runs = new Runs(file, record);
  const start = await runs.first();
  const scanner = new Scanner(file, start.offset, end);
  for (let skip = from - start.line; skip > 0; skip--) await scanner.skipLine();

  const lines: LogLine[] = [];
  for (let read = 0; lines.length < wanted - from && read < DISPLAY.readBytes;) {
    const number = from + lines.length;
    const offset = scanner.offset;
    const text = await scanner.readLine(() => lineStart(file, number + 1));
    const { timeMs, stream } = await runs.at(offset);
    lines.push({ number, timeMs, stream, text });
    read += text.length;
  }
  return lines;
}

/** Byte at which line `number` starts; the log's end when it has no such line yet. */
export async function lineStart(file: LogFile, number: number): Promise<number> {
  const { bytes, newlines } = file.state;
  if (number > newlines) return bytes;
  const [record] = await file.readRecords(await lastRecordBeforeLine(file, number), 1);
  const scanner = new Scanner(file, record?.offset ?? 0, bytes);
  for (let skip = number - (record?.line ?? 0); skip > 0; skip--) await scanner.skipLine();
  return scanner.offset;
}

/** Number of the last index record that has fewer than `line` newlines before it: line `line` starts after it. */
async function lastRecordBeforeLine(file: LogFile, line: number): Promise<number> {
  let low = 0;
  let high = file.records;
  // Who follows the log asks for its end, which is in memory.
  const late = high - LATE;
  if (late > 0 && ((await file.readRecords(late, 1))[0]?.line ?? line) < line) low = late;
  while (high - low > BLOCK) {
    const middle = (low + high) >> 1;
    const [record] = await file.readRecords(middle, 1);
    if (record !== undefined && record.line < line) low = middle;
    else high = middle;
  }
  const block = await file.readRecords(low, high - low);
  const found = block.findLastIndex((record) => record.line < line);
  return low + Math.max(0, found);
}

/** Index records read at once. */
const BLOCK = 128;
/** Records from the end that are looked at first. */
const LATE = 4 * BLOCK;

/** The runs from one record on, for offsets that only grow. */
class Runs {
  readonly #file: LogFile;
  #next: number;
  #block: IndexRecord[] = [];
  #at = 0;
  #run: { readonly timeMs: number; readonly stream: LogStream } = { timeMs: 0, stream: 'stdout' };

  constructor(file: LogFile, record: number) {
    this.#file = file;
    this.#next = record;
  }

  async first(): Promise<{ readonly offset: number; readonly line: number }> {
    await this.#fill();
    return this.#block[0] ?? { offset: 0, line: 0 };
  }

  /** The run that holds the byte at `offset`. */
  async at(offset: number): Promise<{ readonly timeMs: number; readonly stream: LogStream }> {
    for (;;) {
      if (this.#at >= this.#block.length && !(await this.#fill())) return this.#run;
      const record = this.#block[this.#at];
      if (record === undefined || record.offset > offset) return this.#run;
      if (record.kind !== 'commit' && record.kind !== 'end')
        this.#run = { timeMs: record.timeMs, stream: record.kind };
      this.#at += 1;
    }
  }

  async #fill(): Promise<boolean> {
    this.#block = await this.#file.readRecords(this.#next, BLOCK);
    this.#next += this.#block.length;
    this.#at = 0;
    return this.#block.length > 0;
  }
}

/** Goes through a log's bytes line by line, a block at a time. */
class Scanner {
  readonly #file: LogFile;
  readonly #end: number;
  #block: Buffer = Buffer.alloc(0);
  /** Byte of the log at which the block starts. */
  #blockOffset: number;
  #at = 0;

  constructor(file: LogFile, offset: number, end: number) {
    this.#file = file;
    this.#blockOffset = offset;
    this.#end = end;
  }

  get offset(): number {
    return this.#blockOffset + this.#at;
  }

  async skipLine(): Promise<void> {
    for (;;) {
      const newline = this.#block.indexOf(NEWLINE, this.#at);
      if (newline >= 0) {
        this.#at = newline + 1;
        return;
      }
      this.#blockOffset += this.#block.length;
      this.#at = 0;
      if (!(await this.#load(this.#blockOffset))) return;
    }
  }

  /** The line at the offset, shortened if need be; `findEnd` tells where a very long one's successor starts. */
  async readLine(findEnd: () => Promise<number>): Promise<string> {
    const start = this.offset;
    let newline = this.#block.indexOf(NEWLINE, this.#at);
    if (newline < 0) {
      await this.#load(start);
      newline = this.#block.indexOf(NEWLINE, 0);
    }
    if (newline < 0 && start + this.#block.length < this.#end)
      return this.#readLongLine(start, await findEnd());
    const end = newline < 0 ? this.#block.length : newline;
    const text = shorten(this.#block.subarray(this.#at, end));
    this.#at = Math.min(end + 1, this.#block.length);
    return text;
  }

  async #readLongLine(start: number, next: number): Promise<string> {
    const head = this.#block.subarray(0, DISPLAY.headBytes);
    const ended = (await this.#file.readBytes(next - 1, 1))[0] === NEWLINE;
    const end = ended ? next - 1 : next;
    const tail = await this.#file.readBytes(end - DISPLAY.tailBytes, DISPLAY.tailBytes);
    await this.#load(next);
    return join(head, tail, end - start);
  }

  async #load(offset: number): Promise<boolean> {
    this.#block = await this.#file.readBytes(offset, Math.min(READ_BYTES, this.#end - offset));
    this.#blockOffset = offset;
    this.#at = 0;
    return this.#block.length > 0;
  }
}

const NEWLINE = 10;
/** More than a line may show, so that only longer ones need a second look. */
const READ_BYTES = 2 * DISPLAY.lineBytes;

function shorten(line: Buffer): string {
  if (line.length <= DISPLAY.lineBytes) return line.toString('utf8');
  return join(
    line.subarray(0, DISPLAY.headBytes),
    line.subarray(line.length - DISPLAY.tailBytes),
    line.length,
  );
}

function join(head: Buffer, tail: Buffer, length: number): string {
  const left = length - head.length - tail.length;
  return `${head.toString('utf8')}… ${left} bytes are in the raw log …${tail.toString('utf8')}`;
}
