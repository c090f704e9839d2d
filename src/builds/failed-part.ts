import type { Selectable } from 'kysely';
import { stepsToRepeat } from '../core/failed-part.ts';
import { workflowLabel } from '../core/matrix-label.ts';
import type { MatrixValues, Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { KeptStep, RepeatImage, WorkflowRepeat } from '../core/repeat.ts';
import { isEnd } from '../core/status.ts';
import type { WorkflowTable } from '../store/schema.ts';
import type { Reading } from '../store/store.ts';
import { keptImageOf, readImageRow } from './kept-image.ts';

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
  const before = imageOfBefore(workflow);
  const own = await readImageRow(tx, workflow.id);
  if (own === undefined && typeof before === 'string') return before;
  const isNeeded =
    plan.push !== null || plan.steps.some((step) => again.has(step.name) && step.image === null);
  if (!isNeeded) return 'none';
  const source = typeof before === 'string' ? undefined : await readImageRow(tx, before.workflowId);
  const kept = keptImageOf(own ?? source, at);
  if (typeof kept !== 'string') return kept;
  const label = workflowLabel({
    name: workflow.name,
    matrix: JSON.parse(workflow.matrix_json ?? 'null') as MatrixValues | null,
  });
  throw new Problem('image_not_kept', { workflow: label, build: `#${number}`, cause: kept });
}

/** What it was to run in: where it did not come to its image, that of the run before it is the one. */
function imageOfBefore({ repeat_json }: WorkflowRow): RepeatImage {
  const before = JSON.parse(repeat_json ?? 'null') as WorkflowRepeat | null;
  return before?.image ?? 'build';
}
