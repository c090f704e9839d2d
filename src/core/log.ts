/** Where a piece of output came from. `system` is Slipway speaking. */
export type LogStream = 'stdout' | 'stderr' | 'system';

/** Consecutive bytes of one log that came at one time from one stream. */
export interface LogSegment {
  readonly length: number;
  readonly timeMs: number;
  readonly stream: LogStream;
}

/**
 * A chunk of a log: `bytes.length` is the sum of its segments' lengths.
 * Offsets count redacted bytes from the log's start, so a gap or a repetition shows at once.
 */
export interface LogChunk {
  readonly logId: string;
  readonly offset: number;
  readonly segments: readonly LogSegment[];
  readonly bytes: Uint8Array;
  /** True on the last chunk of a log (it may be empty): the log's length is then `offset + bytes.length`. */
  readonly end: boolean;
}

/** A line as readers get it: text without its newline, its number from 0, and when it came. */
export interface LogLine {
  readonly number: number;
  readonly timeMs: number;
  readonly stream: LogStream;
  readonly text: string;
}

/** Lines of a log that show a text. */
export interface FoundLines {
  /** Their numbers, from 0, in order. */
  readonly found: readonly number[];
  /** The line from which to look on; null once the log's end was reached. */
  readonly next: number | null;
}

/** What is known of a log without reading it. */
export interface LogState {
  readonly bytes: number;
  /** Newlines so far, plus one when the last line is not ended. */
  readonly lines: number;
  readonly sealed: boolean;
}
