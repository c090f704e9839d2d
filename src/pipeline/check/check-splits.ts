import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { SHARE_INDEX, shareName } from '../../core/split.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { StepSpec } from '../grammar/steps.ts';
import type { Report } from '../report.ts';

/** Shares of steps are no more than steps may be, have names of their own, and reports that tell how long files take. */
export function checkSplits({ steps }: PipelineSpec, report: Report): void {
  const counts = new Map(steps.map((step) => [step.name.value, sharesOf(step)]));
  let [shares, waits, characters] = [0, 0, 0];
  for (const [index, step] of steps.entries()) {
    const { name, split } = step;
    const before = step.depends_on?.map((one) => one.name.value) ?? [steps[index - 1]?.name.value ?? ''];
    shares += sharesOf(step);
    waits += sharesOf(step) * before.reduce((sum, one) => sum + (counts.get(one) ?? 0), 0);
    if (split === null) continue;
    characters += sharesOf(step) * charactersOf(step);
    const over = overLimit({ shares, waits, characters });
    if (over !== null) {
      report.add('too_complex', split, over);
      return;
    }
    for (let share = 1; share <= split.value.count; share++) {
      const other = shareName(name.value, share, split.value.count);
      if (counts.has(other)) report.add('split_name_taken', name, { step: name.value, name: other });
    }
    checkReports(step, split, report);
  }
}

interface Size {
  readonly shares: number;
  readonly waits: number;
  readonly characters: number;
}

function overLimit({ shares, waits, characters }: Size): { what: string; limit: number } | null {
  const { steps, waits: mostWaits, sharedCharacters } = PIPELINE_LIMITS;
  if (shares > steps) return { what: 'it has more steps, each share counted,', limit: steps };
  if (waits > mostWaits) return { what: 'its shares wait for more shares,', limit: mostWaits };
  if (characters > sharedCharacters)
    return { what: 'its split steps have more characters, each share counted,', limit: sharedCharacters };
  return null;
}

/** Of all texts in a value; what says where they stand is not one of them. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key === 'path' ? 0 : charactersOf(inner)),
    0,
  );
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
