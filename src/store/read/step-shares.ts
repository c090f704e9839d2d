import type { Plan } from '../../core/plan.ts';
import type { StepView } from '../../core/views/workflow-view.ts';

/** Steps, with what those are shares of that are one: the plan tells, since a step of the file may have such a name too. */
export function withShares(
  steps: readonly StepView[],
  { plan_json }: { readonly plan_json: string },
): readonly StepView[] {
  if (!steps.some(({ name }) => SHARE_NAME.test(name))) return steps;
  const plan = JSON.parse(plan_json) as Plan;
  const shares = new Map(
    plan.steps.flatMap(({ name, split }) => (split === undefined ? [] : [[name, split] as const])),
  );
  return steps.map((one): StepView => {
    const split = one.kind === 'step' ? shares.get(one.name) : undefined;
    if (split === undefined) return one;
    return { ...one, share: { step: split.step, share: split.share, of: split.of } };
  });
}

/** What the names of all shares end with; the plan of a build without such a name is not read for each look at it. */
const SHARE_NAME = / \d+\/\d+$/;
