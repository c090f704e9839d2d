import { stepsToRepeat } from '../../core/failed-part.ts';
import { workflowLabel } from '../../core/matrix-label.ts';
import type { Plan } from '../../core/plan.ts';
import { isEnd } from '../../core/status.ts';
import type { Status } from '../../core/status.ts';
import type { FailedPartView, WorkflowView } from '../../core/view.ts';
import type { Reader } from './view-context.ts';

/** What of a build would run again if only what failed shall; null for one that is green, has not ended or has no plan. */
export async function readFailedPart(
  db: Reader,
  build: { readonly id: string; readonly status: Status },
  workflows: readonly WorkflowView[],
): Promise<readonly FailedPartView[] | null> {
  const failed = workflows.filter(({ status }) => status !== 'success');
  if (!isEnd(build.status) || build.status === 'success' || failed.length === 0) return null;
  const plans = await db
    .selectFrom('workflow')
    .select(['id', 'plan_json'])
    .where('build_id', '=', build.id)
    .execute();
  return failed.map((workflow) => {
    const { steps } = JSON.parse(plans.find(({ id }) => id === workflow.id)?.plan_json ?? '') as Plan;
    const statusOf = (name: string): Status =>
      workflow.steps.find((step) => step.kind === 'step' && step.name === name)?.status ?? 'skipped';
    const again = stepsToRepeat(steps.map((step) => ({ ...step, status: statusOf(step.name) })));
    return {
      workflow: workflowLabel(workflow),
      again: [...again],
      kept: steps.map(({ name }) => name).filter((name) => !again.has(name) && statusOf(name) === 'success'),
    };
  });
}
