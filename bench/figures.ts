/** A row of the benchmark's table: what was measured, beside the floor measured in the same run. */
export interface Row {
  readonly what: string;
  readonly value: string;
  /** What the same machine does at the least, just before or after; `–` where there is none. */
  readonly floor: string;
  readonly goal: string;
}

/**
 * The object that `npm run bench -- --json` ends with, which others read: keys stay. Times in ms; `floor…` and
 * `dockerRun…` are what the same machine needed for the least of it in the same run.
 */
export interface BenchmarkJson {
  readonly pushToProduction: {
    readonly coldRatio: number;
    readonly warmRatio: number;
    readonly scriptColdMs: number;
    readonly scriptWarmMs: number;
  };
  readonly webhook: {
    readonly perSecond: number;
    readonly p99Ms: number;
    readonly lost: number;
    readonly floorPerSecond: number;
  };
  readonly firstLine: { readonly p50Ms: number; readonly p99Ms: number; readonly dockerRunMs: number };
  readonly log: { readonly linesPerSecond: number; readonly lost: number; readonly p99Ms: number };
  /** `criticalPathRatio`: against `docker run --rm`. */
  readonly step: {
    readonly criticalPathRatio: number;
    readonly ms: number;
    readonly emptyMs: number;
    readonly dockerRunMs: number;
  };
  readonly greenToSwitched: { readonly p50Ms: number; readonly p99Ms: number; readonly dockerRunMs: number };
  readonly oneLineChange: {
    readonly bytesPushed: number;
    readonly rebuildMs: number;
    readonly coldBuildMs: number;
  };
  readonly switch: {
    readonly requests: number;
    readonly lost: number;
    readonly cut: number;
    readonly p99Ms: number;
  };
  /** `afterKillMs`: started again after kill -9. */
  readonly history: { readonly readyMs: number; readonly afterKillMs: number; readonly listP95Ms: number };
  readonly memory: { readonly startMb: number; readonly endMb: number; readonly ratio: number };
  /** `wrong`: answered otherwise than they should be. */
  readonly hostile: {
    readonly startMb: number;
    readonly endMb: number;
    readonly ratio: number;
    readonly wrong: number;
  };
  /** `wrong`: refused without a reason that can be read, or not answered. */
  readonly badInput: {
    readonly startMb: number;
    readonly endMb: number;
    readonly ratio: number;
    readonly wrong: number;
  };
  /** To the verdict of a build whose step was running, and to the second attempt of one whose image was being built. */
  readonly recovery: {
    readonly restartedMs: number;
    readonly awayMs: number;
    readonly imageRestartedMs: number;
    readonly imageAwayMs: number;
  };
  readonly lint: { readonly typicalMs: number; readonly thousandStepsMs: number; readonly processMs: number };
  /** From a recorded build to its first job, beyond that of a build of one workflow. */
  readonly matrix: { readonly addedMs: number };
}

export type BenchmarkName = keyof BenchmarkJson;

/** What one benchmark gives: rows for people, and its object of the `--json` line. */
export interface Figures<Name extends BenchmarkName> {
  readonly rows: readonly Row[];
  readonly json: BenchmarkJson[Name];
}

/** The value below which `share` (0..1) of the samples lie; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return Number.NaN;
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

/** Three significant digits, no exponent. */
export function round(value: number): number {
  if (!Number.isFinite(value)) return value;
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** A Markdown table of rows, columns aligned. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [
    ['figure', 'measured', 'floor in the same run', 'goal'],
    ...rows.map((row) => [row.what, row.value, row.floor, row.goal]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
