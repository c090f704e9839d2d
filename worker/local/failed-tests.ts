import type { TestReport, TestResult } from '../../src/core/test-report.ts';

/** So many tests are named, each with so many lines of what it said; the rest is in the step's own output and report. */
const MOST_TESTS = 5;
const MOST_LINES = 4;

/** Names the tests of a report that failed, each with its place and what it said: where there is no page that does. Pure. */
export function failedTestsText({ counts, results }: Pick<TestReport, 'counts' | 'results'>): string {
  const failed = results.filter(({ status }) => status === 'failed' || status === 'error');
  const shown = failed.slice(0, MOST_TESTS);
  const more = counts.failed + counts.error - shown.length;
  return [...shown.flatMap(linesOf), ...(more > 0 ? [`And ${more} more.`] : [])]
    .map((line) => `${line}\n`)
    .join('');
}

function linesOf({ suite, name, file, line, message }: TestResult): readonly string[] {
  const place = file === null ? suite : line === null ? file : `${file}:${line}`;
  const said = (message ?? '').split('\n').filter((one) => one.trim() !== '');
  return [
    `Failed: ${name}${place === '' ? '' : ` (${place})`}`,
    ...said.slice(0, MOST_LINES).map((one) => `  ${one}`),
  ];
}
