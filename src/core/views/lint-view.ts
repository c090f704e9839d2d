export interface LintProblemView {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly file: string;
  /** From 1; column counts UTF-16 units from 1. */
  readonly line: number;
  readonly column: number;
  /** Absent in builds of before it was kept. */
  readonly excerpt?: Excerpt;
}

/** What is shown of the line: `length` UTF-16 units of `text` from `start` (from 0) are what the problem is about. */
export interface Excerpt {
  readonly text: string;
  readonly start: number;
  readonly length: number;
}

/** Of a pipeline file, without an event: its problems and warnings in the file's order; `ok` without errors. */
export interface LintView {
  readonly ok: boolean;
  readonly problems: readonly LintProblemView[];
}
