/** How one test ended. `failed`: an assertion of it did; `error`: something else went wrong in it. */
export type TestStatus = 'passed' | 'failed' | 'error' | 'skipped';

/** One test of a report, with every text bounded by {@link TEST_LIMITS}. */
export interface TestResult {
  /** The class or the suite it is in; empty where the report names none. */
  readonly suite: string;
  readonly name: string;
  /** Where it stands, or where it failed; null where the report does not tell. */
  readonly file: string | null;
  /** Present where the report names the file for the test itself, however it ended; else `file` was found in its message. */
  readonly ownFile?: true | undefined;
  readonly line: number | null;
  readonly status: TestStatus;
  readonly durationMs: number | null;
  /** Of a test that did not pass: what was said, then where. */
  readonly message: string | null;
}

export type TestCounts = Readonly<Record<TestStatus, number>>;

/** What a step's report files said together. */
export interface TestReport {
  /** Files that were read. */
  readonly files: number;
  readonly counts: TestCounts;
  /** The tests themselves, those that did not pass first; at most {@link TEST_LIMITS}`.results`. */
  readonly results: readonly TestResult[];
  /** Why it is not the whole truth: a file that is no XML, more tests than are kept. Null: it is. */
  readonly note: string | null;
}

/** Bounds of what is kept of one step's tests; texts in characters. */
export const TEST_LIMITS = {
  results: 10_000,
  suite: 256,
  name: 512,
  file: 512,
  message: 4_000,
  note: 1_000,
} as const;

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, error: 0, skipped: 0 };

/** All of them, each status added up. */
export function addCounts(all: readonly TestCounts[]): TestCounts {
  return all.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      error: sum.error + one.error,
      skipped: sum.skipped + one.skipped,
    }),
    NO_TESTS,
  );
}

/** In words, for people: `118 passed, 2 failed, 1 skipped`. */
export function countsText(counts: TestCounts): string {
  const failed = counts.failed + counts.error;
  const parts = [
    counts.passed > 0 || failed + counts.skipped === 0 ? `${counts.passed} passed` : null,
    failed > 0 ? `${failed} failed` : null,
    counts.skipped > 0 ? `${counts.skipped} skipped` : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
