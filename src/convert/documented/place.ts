import type { InputFile } from '../converted.ts';

/** Keys that a format documents at one place, each with a value, and a file that has them there. */
export interface Place {
  readonly where: string;
  /** A file with such a line at that place. */
  readonly file: (line: string) => string;
  readonly keys: Readonly<Record<string, string>>;
  /** What the file is called, where that counts. */
  readonly path?: string;
  /** Files that it includes, or that take it in. */
  readonly beside?: readonly InputFile[];
  /** The line of a key that is no `key: value`. */
  readonly line?: (key: string, value: string) => string;
}
