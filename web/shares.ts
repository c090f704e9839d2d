import { isEnd, worst, type Status } from '../src/core/status.ts';
import { addCounts, type TestCounts } from '../src/core/test-report.ts';
import type { StepView } from '../src/core/views/workflow-view.ts';

/** A step of the pipeline file that runs in shares. */
export interface SharedStep {
  /** As in the file. */
  readonly name: string;
  /** In their order. */
  readonly shares: readonly StepView[];
}

/** In epoch ms; `toMs` null: it is not over. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** The steps of a workflow in their order, the shares of one together, where the first of them is. Pure. */
export function groupShares(steps: readonly StepView[]): readonly (StepView | SharedStep)[] {
  const groups = Map.groupBy(steps, ({ id, share }) => (share === undefined ? id : `share of ${share.step}`));
  return [...groups.values()].flatMap((group): readonly (StepView | SharedStep)[] => {
    const name = group[0]?.share?.step;
    return name === undefined ? group : [{ name, shares: group }];
  });
}

/** How the whole of a split step stands: the worst end once all shares have ended. Pure. */
export function statusOfShares(shares: readonly Pick<StepView, 'status'>[]): Status {
  const statuses = shares.map(({ status }) => status);
  const ends = statuses.filter(isEnd);
  if (ends.length === statuses.length) return worst(ends);
  return ends.length > 0 || statuses.includes('running') ? 'running' : 'pending';
}

/** How many shares ended how: `3 of 4 shares green, 1 failed`. Pure. */
export function sharesText(shares: readonly Pick<StepView, 'status'>[]): string {
  const count = (...wanted: readonly Status[]): number =>
    shares.filter(({ status }) => wanted.includes(status)).length;
  const others: readonly (readonly [number, string])[] = [
    [count('failure', 'error'), 'failed'],
    [count('cancelled'), 'cancelled'],
    [count('skipped'), 'skipped'],
  ];
  const parts = others.filter(([many]) => many > 0).map(([many, word]) => `${many} ${word}`);
  return [`${count('success')} of ${shares.length} shares green`, ...parts].join(', ');
}

/**
 * From when the first share began, in its first attempt, to when the last one ended. Of shares that ran in this build; null
 * where none has. Pure.
 */
export function spanOfShares(shares: readonly StepView[]): TimeSpan | null {
  const own = shares.filter(({ carriedFrom }) => carriedFrom === undefined);
  const attempts = own.flatMap((share) => share.attempts);
  const begins = attempts.flatMap(({ startedAtMs }) => startedAtMs ?? []);
  if (begins.length === 0) return null;
  const ends = attempts.flatMap(({ finishedAtMs }) => finishedAtMs ?? []);
  const isOver = own.every(({ status }) => isEnd(status));
  return { fromMs: Math.min(...begins), toMs: isOver && ends.length > 0 ? Math.max(...ends) : null };
}

/** What the test reports of the shares came to together; null while there is none. Pure. */
export function testsOfShares(shares: readonly StepView[]): TestCounts | null {
  const counts = shares.flatMap(({ attempts }) => attempts.at(-1)?.tests ?? []);
  return counts.length === 0 ? null : addCounts(counts);
}
