import type { SharePlan, StepPlan } from '../../core/plan.ts';
import { ofShare, shareName } from '../../core/split.ts';
import type { SplitSpec } from '../grammar/split.ts';

/** How a step is split, with the folder that it starts in; null: it is not. */
type Split = (SplitSpec & Pick<SharePlan, 'directory'>) | null;

/**
 * Steps with those that are split replaced by their shares: what waited for one waits for all of its shares. A step that
 * this event leaves out stays one.
 * @param splits In the order of the steps.
 */
export function planShares(steps: readonly StepPlan[], splits: readonly Split[]): readonly StepPlan[] {
  const shares = new Map<string, readonly StepPlan[]>();
  for (const [index, step] of steps.entries()) {
    const split = splits[index] ?? null;
    shares.set(step.name, split === null || !step.selected ? [step] : sharesOf(step, split));
  }
  const namesOf = (name: string): readonly string[] => shares.get(name)?.map((share) => share.name) ?? [name];
  return steps.flatMap(({ name }) =>
    (shares.get(name) ?? []).map((share) => ({ ...share, dependsOn: share.dependsOn.flatMap(namesOf) })),
  );
}

function sharesOf(step: StepPlan, { count: of, files, directory }: NonNullable<Split>): readonly StepPlan[] {
  return Array.from({ length: of }, (_, index): StepPlan => {
    const share = index + 1;
    const own = (paths: readonly string[]) => paths.map((path) => ofShare(path, share, of));
    const { artifacts, reports } = step;
    return {
      ...step,
      name: shareName(step.name, share, of),
      ...(artifacts === undefined ? {} : { artifacts: { ...artifacts, paths: own(artifacts.paths) } }),
      ...(reports === undefined ? {} : { reports: { junit: own(reports.junit) } }),
      split: { step: step.name, share, of, files, directory },
    };
  });
}
