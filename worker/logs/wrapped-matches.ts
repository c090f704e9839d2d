import type { Matcher } from './matcher.ts';
import { addSpan, type Span } from './spans.ts';

/**
 * Fewer letters before the first end of a line are not waited for, nor masked: many a line ends with a letter with which
 * base64 of a secret begins, and would not be shown before the next one came.
 */
const LEAST_BEFORE_BREAK = 4;

/**
 * Follows a needle that may be broken into lines over the ends of its lines, as if there were none. It begins at an end of
 * a line, at the state of who looks for whole ones, and is over once all that it follows begins behind that.
 */
export class WrappedMatches {
  readonly #matcher: Matcher;
  #state = 0;
  /** Bytes since what is followed began, without ends of lines. */
  #count = 0;
  /** Of each end of a line among them: how many bytes came before. */
  #breaks: number[] = [];
  /** The last byte, where it is an end of a line. */
  #lastBreak = 0;

  constructor(matcher: Matcher) {
    this.#matcher = matcher;
  }

  get isFollowing(): boolean {
    return this.#state !== 0;
  }

  /** @param state Of the matcher, before this end of a line. */
  begin(state: number, lineEnd: number): void {
    this.#state = this.#matcher.broken[state] ?? 0;
    this.#count = this.#matcher.depth[this.#state] ?? 0;
    this.#breaks = [this.#count];
    this.#lastBreak = lineEnd;
  }

  /** Takes the byte of `data` at `at`, and adds what ends with it. */
  take(data: Uint8Array, at: number, spans: Span[]): void {
    const byte = data[at] ?? 0;
    if (isEndOfLine(byte)) return this.#break(byte);
    const matcher = this.#matcher;
    this.#lastBreak = 0;
    this.#state = matcher.broken[matcher.next(this.#state, byte)] ?? 0;
    this.#count++;
    const length = matcher.brokenHit[this.#state] ?? 0;
    if (length > 0) addSpan(spans, this.#startOf(data, at + 1, length), at + 1);
    const start = this.#count - (matcher.depth[this.#state] ?? 0);
    this.#breaks = this.#breaks.filter((count) => count > start);
    // What begins behind the last end of a line is found without us.
    if (this.#breaks.length === 0) this.#state = 0;
  }

  /** Where in `data`, which ends with the last byte that came, that begins which may be the beginning of a needle. */
  pendingFrom(data: Uint8Array): number {
    return this.#startOf(data, data.length, this.#matcher.depth[this.#state] ?? 0);
  }

  /** An empty line is in no needle: else any number of them would be waited for. */
  #break(byte: number): void {
    if (this.#lastBreak === 0) this.#breaks.push(this.#count);
    else if (this.#lastBreak !== CR || byte !== LF) this.#state = 0;
    this.#lastBreak = byte;
  }

  /** Where the last `length` bytes before `end` begin; the next line where there are only a few before the first break. */
  #startOf(data: Uint8Array, end: number, length: number): number {
    const start = this.#count - length;
    const lineEnd = this.#breaks.find((count) => count > start) ?? Infinity;
    let left = this.#count - (lineEnd - start < LEAST_BEFORE_BREAK ? lineEnd : start);
    let at = end;
    for (; left > 0 && at > 0; at--) if (!isEndOfLine(data[at - 1] ?? 0)) left--;
    return at;
  }
}

const LF = 0x0a;
const CR = 0x0d;
export const isEndOfLine = (byte: number): boolean => byte === LF || byte === CR;
