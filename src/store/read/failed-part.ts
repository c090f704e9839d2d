import { isForFailures, stepsToRepeat, workflowsToRepeat } from '../../core/failed-part.ts';
import { workflowLabel } from '../../core/matrix-label.ts';
import type { MatrixValues, Plan } from '../../core/plan.ts';
import { isEnd } from '../../core/status.ts';
import type { Status } from '../../core/status.ts';
import type { FailedPartView } from '../../core/views/build-view.ts';
import { readEmptyShares } from './empty-shares.ts';
import type { Reader } from './view-context.ts';

/**
 * What of a build would run again if only what failed shall: empty for one that is green, has not ended or has no plan;
 * null when there is no such build.
 */
export async function readFailedPart(db: Reader, buildId: string): Promise<readonly FailedPartView[] | null> {
  const build = await db.selectFrom('build').select('status').where('id', '=', buildId).executeTakeFirst();
  if (build === undefined) return null;
  if (!isEnd(build.status) || build.status === 'success') return [];
  const workflows = await db
    .selectFrom('workflow')
    .select(['id', 'name', 'status', 'plan_json', 'matrix_json', 'depends_on_json', 'runs_on_json'])
    .where('build_id', '=', buildId)
    .orderBy('position')
    .execute();
  const scopes = workflowsToRepeat(
    workflows.map(({ name, status, depends_on_json }) => ({
      name,
      status,
      dependsOn: JSON.parse(depends_on_json) as string[],
    })),
  );
  const statuses = await stepStatuses(db, buildId);
  const isEmpty = await readEmptyShares(db, buildId);
  return workflows.flatMap(({ id, name, ...workflow }, index) => {
    if (scopes[index] === 'none') return [];
    const { steps } = JSON.parse(workflow.plan_json) as Plan;
    const matrix = JSON.parse(workflow.matrix_json ?? 'null') as MatrixValues | null;
    const runsOn = JSON.parse(workflow.runs_on_json) as ('success' | 'failure')[];
    const statusOf = (step: string): Status => statuses.get(id)?.get(step) ?? 'skipped';
    const again =
      scopes[index] === 'whole'
        ? new Set(steps.flatMap((step) => (step.selected ? [step.name] : [])))
        : stepsToRepeat(
            steps.map((step) => ({ ...step, status: isEmpty(id, step) ? 'success' : statusOf(step.name) })),
          );
    const may = steps.filter((step) => again.has(step.name));
    const isLeftToFailures = (step: (typeof steps)[number]) =>
      isForFailures(step) || isForFailures({ runsOn });
    return {
      workflow: workflowLabel({ name, matrix }),
      again: may.filter((step) => !isLeftToFailures(step)).map((step) => step.name),
      kept: steps
        .filter((step) => !again.has(step.name) && statusOf(step.name) === 'success')
        .map((step) => step.name),
      afterFailure: may.filter(isLeftToFailures).map((step) => step.name),
    };
  });
}

/** Of the steps of a build's workflows in their last attempt: workflow → name → status. */
async function stepStatuses(
  db: Reader,
  buildId: string,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Status>>> {
  const rows = await db
    .selectFrom('workflow')
    .innerJoin('step', (join) =>
      join
        .onRef('step.workflow_id', '=', 'workflow.id')
        .onRef('step.workflow_attempt', '=', 'workflow.attempt'),
    )
    .select(['workflow.id', 'step.name', 'step.status'])
    .where('workflow.build_id', '=', buildId)
    .where('step.kind', '=', 'step')
    .execute();
  const ofWorkflow = Map.groupBy(rows, ({ id }) => id);
  return new Map(
    [...ofWorkflow].map(([id, steps]) => [id, new Map(steps.map(({ name, status }) => [name, status]))]),
  );
}
