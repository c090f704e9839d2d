import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { SHARE_INDEX, shareName } from '../../core/split.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { StepSpec } from '../grammar/steps.ts';
import type { Report } from '../report.ts';

/** Shares of steps are no more than steps may be, have names of their own, and reports that tell how long files take. */
export function checkSplits({ steps }: PipelineSpec, report: Report): void {
  const counts = new Map(steps.map((step) => [step.name.value, sharesOf(step)]));
  let [shares, waits] = [0, 0];
  for (const [index, step] of steps.entries()) {
    const { name, split } = step;
    const before = step.depends_on?.map(({ value }) => value) ?? [steps[index - 1]?.name.value ?? ''];
    shares += sharesOf(step);
    waits += sharesOf(step) * before.reduce((sum, one) => sum + (counts.get(one) ?? 0), 0);
    if (split === null) continue;
    const what =
      shares > PIPELINE_LIMITS.steps
        ? { what: 'it has more steps, each share counted,', limit: PIPELINE_LIMITS.steps }
        : { what: 'its shares wait for more shares,', limit: PIPELINE_LIMITS.waits };
    if (shares > PIPELINE_LIMITS.steps || waits > PIPELINE_LIMITS.waits) {
      report.add('too_complex', split, what);
      return;
    }
    for (let share = 1; share <= split.value.count; share++) {
      const other = shareName(name.value, share, split.value.count);
      if (counts.has(other)) report.add('split_name_taken', name, { step: name.value, name: other });
    }
    checkReports(step, split, report);
  }
}

const sharesOf = ({ split }: StepSpec): number => split?.value.count ?? 1;

function checkReports(
  { name, image, reports }: StepSpec,
  split: NonNullable<StepSpec['split']>,
  report: Report,
): void {
  if (reports === null) {
    if (split.value.files !== null) report.add('split_without_reports', split, { step: name.value });
    return;
  }
  // In the image just built each share has files of its own, unless it starts in the workspace.
  if (image !== null && reports.junit.some((pattern) => !pattern.includes(SHARE_INDEX)))
    report.add('split_reports_shared', split, { step: name.value });
}
