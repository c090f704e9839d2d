import type { LogSearchView } from '../../src/core/views/log-view.ts';
import { asApiError } from '../api.ts';

/** Lines that are kept of a search: enough to say that the text is everywhere. */
export const MOST_FOUND = 10_000;

export type Ask = (text: string, from: number) => Promise<LogSearchView>;

/** Lines that show the text, by their numbers from 0, in order. */
export interface Found {
  readonly lines: readonly number[];
  /** Still looking. */
  readonly busy: boolean;
  /** More lines show it than are kept. */
  readonly isCut: boolean;
}

export const NOTHING: Found = { lines: [], busy: false, isCut: false };

/**
 * The search for one text in one log: from the line where the reader is to the end, then from the start to there, then
 * in what the log grows by. The server answers a piece at a time, so that the first lines are there at once.
 */
export class LogSearch {
  readonly #ask: Ask;
  readonly #text: string;
  readonly #at: number;
  readonly #onChange: (found: Found) => void;
  /** From where the reader was on. */
  readonly #after: number[] = [];
  readonly #before: number[] = [];
  /** Lines of the log that were looked through. */
  #searched = 0;
  #lines = 0;
  #busy = false;
  #closed = false;

  constructor(ask: Ask, text: string, at: number, onChange: (found: Found) => void) {
    this.#ask = ask;
    this.#text = text;
    this.#at = at;
    this.#onChange = onChange;
    void this.#run(async () => {
      await this.#look(at, Infinity, this.#after);
      await this.#look(0, at, this.#before);
    });
  }

  get found(): Found {
    const lines = [...this.#before, ...this.#after];
    return { lines: lines.slice(0, MOST_FOUND), busy: this.#busy, isCut: this.#isFull() };
  }

  /** The log has this many lines now. */
  grew(lines: number): void {
    this.#lines = lines;
    if (!this.#busy && this.#searched < lines && !this.#isFull()) this.#goOn();
  }

  close(): void {
    this.#closed = true;
  }

  #goOn(): void {
    // The last line of what was there may have gone on.
    const from = Math.max(this.#at, this.#searched - 1);
    void this.#run(() => this.#look(from, Infinity, this.#after));
  }

  async #run(look: () => Promise<void>): Promise<void> {
    this.#busy = true;
    const before = this.#searched;
    await look();
    this.#busy = false;
    if (this.#closed) return;
    this.#onChange(this.found);
    // A log that has become shorter than was said has nothing more to look through.
    if (this.#searched > before) this.grew(this.#lines);
  }

  /** Lines `from` to `to`. */
  async #look(from: number, to: number, found: number[]): Promise<void> {
    for (let next: number | null = from; next !== null && next < to && !this.#isFull();) {
      const answer = await this.#answerFrom(next);
      if (answer === null) return;
      const last = found.at(-1) ?? -1;
      found.push(...answer.found.filter((line) => line > last && line < to));
      // What comes while its start is looked through is looked at after that.
      if (to === Infinity) this.#searched = Math.max(this.#searched, answer.next ?? answer.lines);
      next = answer.next;
      this.#onChange(this.found);
    }
  }

  /** Null once nobody wants it any more, or the log is gone. */
  async #answerFrom(from: number): Promise<LogSearchView | null> {
    while (!this.#closed) {
      try {
        const answer = await this.#ask(this.#text, from);
        return this.#closed ? null : answer;
      } catch (error) {
        const { status } = asApiError(error);
        if (status >= 400 && status < 500) this.close();
        else await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
    return null;
  }

  #isFull(): boolean {
    return this.#before.length + this.#after.length > MOST_FOUND;
  }
}

/** Until the server is asked again that did not answer. */
const AGAIN_MS = 1_000;

/** The found line after `line`, or before it; at the end it begins again. Null when nothing is found. */
export function nextFound(lines: readonly number[], line: number, by: 1 | -1): number | null {
  const next = by === 1 ? lines.find((one) => one > line) : lines.findLast((one) => one < line);
  return next ?? lines.at(by === 1 ? 0 : -1) ?? null;
}

/** What is said of a search: which of the found lines the reader is at, and how many there are. */
export function foundWords({ lines, busy, isCut }: Found, line: number | null): string {
  // Of those that are kept the place says nothing, where they are not all.
  const at = line === null || isCut ? -1 : lines.indexOf(line);
  const count = `${lines.length.toLocaleString('en')}${isCut ? '+' : ''}`;
  if (lines.length === 0) return busy ? 'looking…' : 'not found';
  const of =
    at < 0
      ? `${count} ${lines.length === 1 ? 'line' : 'lines'}`
      : `${(at + 1).toLocaleString('en')} of ${count}`;
  return busy ? `${of}…` : of;
}
