import type { FileInput } from '../pipeline/decode.ts';
import type { LintProblem } from '../pipeline/lint-problem.ts';

/** Formats that can be read, by the product that they are of. */
export const FORMATS = ['woodpecker', 'drone', 'gitlab', 'github'] as const;
export type Format = (typeof FORMATS)[number];

/** A file of a repository, by its path from the root. */
export interface InputFile {
  readonly path: string;
  readonly content: FileInput;
  /** It is read for what other files take of it, and is no pipeline of its own. */
  readonly isBeside?: boolean;
}

/** A workflow in our format. */
export interface ConvertedWorkflow {
  /** `default` where the repository has one. */
  readonly name: string;
  readonly text: string;
  /** A problem that lint or the planner finds in `text`, shown at what that was converted from. */
  toOrigin(problem: LintProblem): LintProblem;
}

/** A value that says what holds here anyway. */
export interface Needless {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly reason: string;
}

export interface Converted {
  readonly format: Format;
  /** Empty when a file could not be read; the notes then say why. */
  readonly workflows: readonly ConvertedWorkflow[];
  /** What is left out or not quite the same, in the order of files and lines; errors where a file is no YAML. */
  readonly notes: readonly LintProblem[];
  /** Paths of what was read and needs no counterpart, with the reason. */
  readonly needless: readonly Needless[];
}
