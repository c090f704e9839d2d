import type { StepPlan } from '../../core/plan.ts';
import type { Division } from '../../core/split.ts';
import type { Reader } from './view-context.ts';

/** Whether a step of a workflow of the build is a share that no test file was left for: it was skipped, and did not fail. */
export async function readEmptyShares(
  db: Reader,
  buildId: string,
): Promise<(workflowId: string, step: Pick<StepPlan, 'split'>) => boolean> {
  const rows = await db
    .selectFrom('division')
    .select(['workflow_id', 'step', 'shares_json'])
    .where('build_id', '=', buildId)
    .execute();
  const divisions = new Map(
    rows.map((row) => [`${row.workflow_id} ${row.step}`, JSON.parse(row.shares_json) as Division]),
  );
  return (workflowId, { split }) =>
    split !== undefined &&
    divisions.get(`${workflowId} ${split.step}`)?.[split.share - 1]?.files.length === 0;
}
