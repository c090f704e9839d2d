/** Bounds of what is split. */
export const SPLIT_LIMITS = {
  /** Shares of one step. */
  shares: 64,
  patterns: 64,
  /** Test files of one step, characters of a name, and bytes of all of them together. */
  files: 10_000,
  name: 512,
  bytes: 2 * 1024 * 1024,
  /** Bytes of the divisions of a build, as they are kept: each combination of a matrix has its own. */
  buildBytes: 32 * 1024 * 1024,
} as const;

/** Test files as the usual tools name them: what a step that only says how many shares it has divides. */
export const USUAL_TEST_FILES: readonly string[] = [
  '**/*.{test,spec}.{js,jsx,cjs,mjs,ts,tsx,cts,mts}',
  '**/__tests__/**/*.{js,jsx,cjs,mjs,ts,tsx,cts,mts}',
  '**/test_*.py',
  '**/*_test.{py,rb,exs,dart}',
  '**/*_spec.rb',
  '**/*Test.{java,kt,groovy,scala,php}',
];

/** What one share of a step runs. */
export interface FileShare {
  /** In their order; none: there are more shares than files. */
  readonly files: readonly string[];
  /** What they are about to take, by what the record knows; null: it knows no file of the step. */
  readonly expectedMs: number | null;
}

/** Which share of a step runs which of its test files; one for each share. */
export type Division = readonly FileShare[];

/** Name of a share of a step, from 1. */
export function shareName(step: string, share: number, of: number): string {
  return `${step} ${share}/${of}`;
}

/** A path that the share's own number stands for, where the path says so; shares write into one workspace. Pure. */
export function ofShare(path: string, share: number, of: number): string {
  return path.replaceAll(SHARE_INDEX, String(share)).replaceAll('${CI_NODE_TOTAL}', String(of));
}

/** What a path says to be another one in each share. */
export const SHARE_INDEX = '${CI_NODE_INDEX}';
