import type { Excerpt, LintProblemView } from '../core/views/lint-view.ts';

/** One problem of a pipeline file, at the text that causes it. */
export interface LintProblem extends LintProblemView {
  /** Where in the document, e.g. `steps[2].depends_on[0]`; empty for the file as a whole. */
  readonly path: string;
  /** UTF-16 units of the offending text on its line, at least 1: what `^^^` underlines. */
  readonly length: number;
  readonly excerpt: Excerpt;
}
