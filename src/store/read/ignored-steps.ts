import type { Plan } from '../../core/plan.ts';
import type { StepView } from '../../core/views/workflow-view.ts';

/** Steps, with which of those that failed count for nothing: the plan tells, and is read only where one has failed. */
export function withIgnored(
  steps: readonly StepView[],
  { plan_json }: { readonly plan_json: string },
): readonly StepView[] {
  if (!steps.some(hasFailed)) return steps;
  const plan = JSON.parse(plan_json) as Plan;
  const ignored = new Set(plan.steps.flatMap(({ name, failure }) => (failure === 'ignore' ? [name] : [])));
  return steps.map((step): StepView =>
    hasFailed(step) && ignored.has(step.name) ? { ...step, ignored: true } : step,
  );
}

const hasFailed = ({ kind, status }: StepView): boolean =>
  kind === 'step' && (status === 'failure' || status === 'error');
