import type { LineRange } from './permalink.ts';

/** The lines that are linked, counted from 1, and where a range begins that is widened. */
export class LineLinks {
  #range: LineRange | null = null;
  #anchor: number | null = null;

  get range(): LineRange | null {
    return this.#range;
  }

  has(line: number): boolean {
    return this.#range !== null && line >= this.#range.from && line <= this.#range.to;
  }

  /** Takes the range of an address. */
  open(range: LineRange | null): void {
    this.#range = range;
    this.#anchor = range?.from ?? null;
  }

  /** Links this line alone. */
  link(line: number): LineRange {
    this.#anchor = line;
    return this.#set(line, line);
  }

  /** Links everything from where the range began, else from `from`, to this line. */
  widen(line: number, from: number = line): LineRange {
    this.#anchor ??= from;
    return this.#set(this.#anchor, line);
  }

  #set(one: number, other: number): LineRange {
    this.#range = { from: Math.min(one, other), to: Math.max(one, other) };
    return this.#range;
  }
}
