import type { Selectable } from 'kysely';
import { stepsToRepeat, workflowsToRepeat } from '../core/failed-part.ts';
import { workflowLabel } from '../core/matrix-label.ts';
import type { MatrixValues, Plan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { KeptStep, RepeatImage, WorkflowRepeat } from '../core/repeat.ts';
import { isEnd } from '../core/status.ts';
import { readEmptyShares } from '../store/read/empty-shares.ts';
import type { WorkflowTable } from '../store/schema.ts';
import type { Reading } from '../store/store.ts';
import { keptImageOf, readImageRow, stillKept } from './kept-image.ts';

/** What becomes of a workflow where only what failed of its build runs again. */
export type WorkflowPart =
  /** It was green: the new one stands for it. */
  | { readonly kind: 'carry'; readonly workflowId: string }
  | { readonly kind: 'repeat'; readonly workflowId: string; readonly repeat: WorkflowRepeat }
  /** All of it, as in any other build. */
  | { readonly kind: 'whole'; readonly workflowId: string };

type WorkflowRow = Selectable<WorkflowTable>;
type IsEmpty = Awaited<ReturnType<typeof readEmptyShares>>;

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
  const scopes = workflowsToRepeat(
    workflows.map((workflow) => ({
      ...workflow,
      dependsOn: JSON.parse(workflow.depends_on_json) as string[],
    })),
  );
  const isEmpty = await readEmptyShares(tx.db, id);
  const parts: WorkflowPart[] = [];
  for (const [index, workflow] of workflows.entries())
    if (scopes[index] === 'none') parts.push({ kind: 'carry', workflowId: workflow.id });
    else if (scopes[index] === 'whole') parts.push({ kind: 'whole', workflowId: workflow.id });
    else parts.push(await partOf(tx, workflow, { number, at, isEmpty }));
  return parts;
}

async function partOf(
  tx: Reading,
  workflow: WorkflowRow,
  { number, at, isEmpty }: { number: number; at: number; isEmpty: IsEmpty },
): Promise<WorkflowPart> {
  const plan = JSON.parse(workflow.plan_json) as Plan;
  const rows = await tx.db
    .selectFrom('step')
    .select(['id', 'kind', 'name', 'status', 'carried_from'])
    .where('workflow_id', '=', workflow.id)
    .where('workflow_attempt', '=', workflow.attempt)
    .execute();
  const rowOf = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
  const again = stepsToRepeat(
    plan.steps.map((step) => {
      const status = rowOf.get(`step ${step.name}`)?.status ?? 'skipped';
      return { ...step, status: isEmpty(workflow.id, step) ? ('success' as const) : status };
    }),
  );
  const keep = (kind: KeptStep['kind'], name: string): readonly KeptStep[] => {
    const row = rowOf.get(`${kind} ${name}`);
    return row?.status === 'success' ? [{ kind, name, stepId: row.carried_from ?? row.id }] : [];
  };
  const keepStep = (step: Plan['steps'][number]): readonly KeptStep[] => {
    const row = rowOf.get(`step ${step.name}`);
    return row !== undefined && isEmpty(workflow.id, step)
      ? [{ kind: 'step', name: step.name, stepId: row.carried_from ?? row.id, empty: true }]
      : keep('step', step.name);
  };
  const image = await imageOf(tx, workflow, { plan, again, number, at });
  const steps = plan.steps.filter(({ name }) => !again.has(name)).flatMap(keepStep);
  const kept = [...(image === 'none' ? keep('image', 'image') : []), ...steps];
  if (kept.length === 0 && (image === 'build' || plan.image === null))
    return { kind: 'whole', workflowId: workflow.id };
  return { kind: 'repeat', workflowId: workflow.id, repeat: { of: number, kept, image } };
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
  const isOwn = own !== undefined || typeof before === 'string';
  const kept = isOwn ? keptImageOf(own, at) : await stillKept(tx, before, at);
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
