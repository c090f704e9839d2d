import { chunks } from '../core/chunks.ts';
import type { Plan } from '../core/plan.ts';
import type { WorkerFeature } from '../core/worker-feature.ts';
import type { Tx } from '../store/store.ts';
import type { WorkflowPart } from './failed-part.ts';
import { imageNames } from './name-image.ts';

/**
 * Gives each workflow of a build that runs what failed of another again what the names of its images stood for there. What
 * runs again goes only to a worker that knows to run just that.
 * @param workflowIds In the plan's order, as `parts`.
 */
export async function carryNamedImages(
  { db }: Tx,
  buildId: string,
  workflowIds: readonly string[],
  parts: readonly WorkflowPart[],
): Promise<void> {
  const own = new Map(parts.map((part, position) => [part.workflowId, workflowIds[position] ?? '']));
  const before = await db
    .selectFrom('named_image')
    .innerJoin('workflow', 'workflow.id', 'named_image.workflow_id')
    .selectAll('named_image')
    .where('workflow.build_id', '=', (eb) =>
      eb.selectFrom('build').select('rerun_from').where('id', '=', buildId),
    )
    .execute();
  const rows = before.flatMap((row) => {
    const workflow_id = own.get(row.workflow_id);
    return workflow_id === undefined ? [] : [{ ...row, workflow_id, build_id: buildId, worker_id: null }];
  });
  if (rows.length === 0) return;
  for (const some of chunks(rows, MOST_ROWS)) await db.insertInto('named_image').values(some).execute();
  const decided = new Set(rows.map(({ name }) => name));
  const waiting = await db
    .selectFrom('workflow')
    .select(['id', 'plan_json', 'needs_json'])
    .where('build_id', '=', buildId)
    .where('status', '=', 'pending')
    .execute();
  for (const { id, plan_json, needs_json } of waiting) {
    if (![...imageNames(JSON.parse(plan_json) as Plan)].some((name) => decided.has(name))) continue;
    const needs = [...(JSON.parse(needs_json) as WorkerFeature[]), 'named-images' satisfies WorkerFeature];
    await db
      .updateTable('workflow')
      .set({ needs_json: JSON.stringify(needs) })
      .where('id', '=', id)
      .execute();
  }
}

/** Rows of one statement. */
const MOST_ROWS = 50;
