import type { TestCounts, TestResult, TestStatus } from '../test-report.ts';

/** What the test reports of a build said; of a step that ran several times, the last time with a report counts. */
export interface BuildTestsView {
  readonly counts: TestCounts;
  readonly reports: readonly {
    readonly attemptId: string;
    readonly workflow: string;
    readonly step: string;
    readonly files: number;
    readonly counts: TestCounts;
    /** Why it is not the whole truth; null: it is. */
    readonly note: string | null;
  }[];
  /** Steps that have ended and were to report, with no report: their worker is older than this server, or lost its files. */
  readonly missing: readonly string[];
  /** Those that did not pass first, then flaky ones. */
  readonly items: readonly TestView[];
  /** Pass as `before` for more; null at the end. */
  readonly next: string | null;
}

export interface TestView extends TestResult {
  /** Names it in `GET /api/v1/projects/:project/tests?test=`. */
  readonly key: string;
  readonly workflow: string;
  readonly step: string;
  /** Id of the log of the attempt that it is of. */
  readonly logId: string;
  /** On the very commit of this build it has passed and it has not. */
  readonly flaky: boolean;
}

/** How a test ended in a build, of those that are kept. */
export interface TestRunView {
  readonly buildId: string;
  readonly buildNumber: number;
  readonly refName: string;
  readonly commit: string;
  readonly atMs: number;
  readonly status: TestStatus;
  readonly durationMs: number | null;
  readonly message: string | null;
}
