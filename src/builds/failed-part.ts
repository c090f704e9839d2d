import type { Selectable } from 'kysely';
import { stepsToRepeat } from '../core/failed-part.ts';
import type { BuiltImage } from '../core/image.ts';
import { workflowLabel } from '../core/matrix-label.ts';
import type { MatrixValues, Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { KeptStep, RepeatImage, WorkflowRepeat } from '../core/repeat.ts';
import { isEnd } from '../core/status.ts';
import type { WorkflowTable } from '../store/schema.ts';
import type { Reading } from '../store/store.ts';

/** What becomes of a workflow where only what failed of its build runs again. */
export type WorkflowPart =
  /** It was green: the new one stands for it. */
  | { readonly kind: 'carry'; readonly workflowId: string }
  | { readonly kind: 'repeat'; readonly repeat: WorkflowRepeat };

type WorkflowRow = Selectable<WorkflowTable>;

/**
 * What of a build that has ended runs again when only what failed shall, in the order of its workflows.
 * @throws Problem `not_ended`, `nothing_failed`, `image_not_kept`.
 */
export async function failedPart(
  tx: Reading,
  build: { readonly id: string; readonly number: number; readonly status: WorkflowRow['status'] },
  at: number,
): Promise<readonly WorkflowPart[]> {
  const { id, number, status } = build;
  if (!isEnd(status)) throw new Problem('not_ended', { what: 'build', id: `#${number}`, status });
  const workflows = await tx.db
    .selectFrom('workflow')
    .selectAll()
    .where('build_id', '=', id)
    .orderBy('position')
    .execute();
  if (workflows.every((workflow) => workflow.status === 'success') || status === 'success')
    throw new Problem('nothing_failed', { build: `#${number}`, status });
  const parts: WorkflowPart[] = [];
  for (const workflow of workflows)
    parts.push(
      workflow.status === 'success'
        ? { kind: 'carry', workflowId: workflow.id }
        : { kind: 'repeat', repeat: await repeatOf(tx, workflow, { number, at }) },
    );
  return parts;
}

async function repeatOf(
  tx: Reading,
  workflow: WorkflowRow,
  { number, at }: { number: number; at: number },
): Promise<WorkflowRepeat> {
  const plan = JSON.parse(workflow.plan_json) as Plan;
  const rows = await tx.db
    .selectFrom('step')
    .select(['id', 'kind', 'name', 'status', 'carried_from'])
    .where('workflow_id', '=', workflow.id)
    .where('workflow_attempt', '=', workflow.attempt)
    .execute();
  const rowOf = (kind: string, name: string) => rows.find((row) => row.kind === kind && row.name === name);
  const again = stepsToRepeat(
    plan.steps.map((step) => ({ ...step, status: rowOf('step', step.name)?.status ?? 'skipped' })),
  );
  const keep = (kind: KeptStep['kind'], name: string): readonly KeptStep[] => {
    const row = rowOf(kind, name);
    return row?.status === 'success' ? [{ kind, name, stepId: row.carried_from ?? row.id }] : [];
  };
  const image = await imageOf(tx, workflow, { plan, again, number, at });
  const steps = plan.steps.filter(({ name }) => !again.has(name)).flatMap(({ name }) => keep('step', name));
  return { of: number, kept: [...(image === 'none' ? keep('image', 'image') : []), ...steps], image };
}

interface NeededImage {
  readonly plan: Plan;
  readonly again: ReadonlySet<string>;
  readonly number: number;
  readonly at: number;
}

/** @throws Problem `image_not_kept` where it was built, is needed, and is nowhere any more. */
async function imageOf(
  tx: Reading,
  workflow: WorkflowRow,
  { plan, again, number, at }: NeededImage,
): Promise<RepeatImage> {
  if (plan.image === null) return 'none';
  const row = await tx.db
    .selectFrom('image')
    .leftJoin('worker', 'worker.id', 'image.kept_by')
    .select(['built_json', 'kept_by', 'kept_until', 'worker.name', 'worker.instance'])
    .where('workflow_id', '=', workflow.id)
    .executeTakeFirst();
  const built = row === undefined ? undefined : (JSON.parse(row.built_json) as BuiltImage);
  if (row === undefined || built === undefined) return imageOfBefore(workflow);
  const isNeeded =
    plan.push !== null || plan.steps.some((step) => again.has(step.name) && step.image === null);
  if (!isNeeded) return 'none';
  if (row.kept_by !== null && (row.kept_until ?? 0) > at && row.instance !== null)
    return { built, workerId: row.kept_by };
  const label = workflowLabel({
    name: workflow.name,
    matrix: JSON.parse(workflow.matrix_json ?? 'null') as MatrixValues | null,
  });
  const cause =
    row.kept_by === null
      ? 'no worker kept it'
      : row.instance === null
        ? `the worker ${row.name ?? row.kept_by} kept it, and is gone`
        : `the worker ${row.name ?? row.kept_by} kept it until ${new Date(row.kept_until ?? 0).toISOString()}`;
  throw new Problem('image_not_kept', { workflow: label, build: `#${number}`, cause });
}

/** It did not come to its image: the run before it may have had one. */
function imageOfBefore({ repeat_json }: WorkflowRow): RepeatImage {
  const before = JSON.parse(repeat_json ?? 'null') as WorkflowRepeat | null;
  return before?.image ?? 'build';
}
