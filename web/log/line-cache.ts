import type { LogLine, LogState } from '../../src/core/log.ts';
import type { LogRangeView } from '../../src/core/views/log-view.ts';

/** Lines a request asks for, and the unit that is kept or forgotten. */
export const BLOCK = 500;
/** Blocks kept: a page that scrolls through a million lines stays small. */
const MOST_BLOCKS = 60;

export type LoadRange = (from: number, count: number) => Promise<LogRangeView>;

/**
 * The lines of one log that the page has, by number. Blocks are fetched when a missing line is asked for,
 * once each however often; the least recently used ones are forgotten. An answer may hold fewer lines than were
 * asked for: the rest of its block is then asked for from the first line that is missing.
 */
export class LineCache {
  readonly #load: LoadRange;
  readonly #onChange: () => void;
  readonly #blocks = new Map<number, LogLine[]>();
  readonly #loading = new Set<number>();
  state: LogState = { bytes: 0, lines: 0, sealed: false };
  /** The last failure to load, until a load succeeds. */
  failure: Error | null = null;

  constructor(load: LoadRange, onChange: () => void) {
    this.#load = load;
    this.#onChange = onChange;
  }

  /** The line, or undefined while it is on its way (its block is then asked for). */
  line(number: number): LogLine | undefined {
    const block = Math.floor(number / BLOCK);
    const line = this.#touch(block)?.[number - block * BLOCK];
    if (line === undefined && number < this.state.lines) void this.#fetch(block);
    return line;
  }

  /** Reads the log's length, and its end when there is one to show. */
  async open(): Promise<void> {
    this.#take(await this.#load(0, 0));
  }

  /** Lines that came by the stream. */
  add(lines: readonly LogLine[], state: LogState): void {
    for (const line of lines) this.#put(line);
    this.state = state;
    this.#forget();
    this.#onChange();
  }

  /** After a failure: lets the missing blocks be asked for again. */
  retry(): void {
    this.failure = null;
    this.#onChange();
  }

  async #fetch(block: number): Promise<void> {
    if (this.#loading.has(block) || this.failure !== null) return;
    this.#loading.add(block);
    try {
      const from = this.#firstMissing(block);
      const answer = await this.#load(from, (block + 1) * BLOCK - from);
      this.#take(answer);
      if (answer.range.length === 0) this.failure = new Error(`no lines from ${from}`);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#loading.delete(block);
      this.#onChange();
    }
  }

  /** Only called while a line of the block is missing. */
  #firstMissing(block: number): number {
    const lines = this.#blocks.get(block) ?? [];
    let index = 0;
    while (index < BLOCK && lines[index] !== undefined) index++;
    return block * BLOCK + index;
  }

  #take(answer: LogRangeView): void {
    for (const line of answer.range) this.#put(line);
    if (answer.lines >= this.state.lines)
      this.state = { bytes: answer.bytes, lines: answer.lines, sealed: answer.sealed };
    this.#forget();
  }

  #put(line: LogLine): void {
    const block = Math.floor(line.number / BLOCK);
    const lines = this.#blocks.get(block) ?? [];
    if (lines.length === 0) this.#blocks.set(block, lines);
    lines[line.number - block * BLOCK] = line;
  }

  #touch(block: number): LogLine[] | undefined {
    const lines = this.#blocks.get(block);
    if (lines === undefined) return undefined;
    this.#blocks.delete(block);
    this.#blocks.set(block, lines);
    return lines;
  }

  #forget(): void {
    for (const block of this.#blocks.keys()) {
      if (this.#blocks.size <= MOST_BLOCKS) return;
      this.#blocks.delete(block);
    }
  }
}
