import { chunks } from '../core/chunks.ts';
import { groupKey } from '../core/concurrency.ts';
import { badEnd } from '../core/end.ts';
import { newId } from '../core/id.ts';
import type { BuildPlan, DeployPlan, Plan, WorkflowPlan } from '../core/plan.ts';
import { Problem, type ProblemCode } from '../core/problem.ts';
import type { KeptStep, WorkflowRepeat } from '../core/repeat.ts';
import type { LintProblemView } from '../core/views/lint-view.ts';
import { neededFeatures } from '../core/worker-feature.ts';
import { workflowRows } from '../core/workflow-rows.ts';
import type { Tx } from '../store/store.ts';
import type { PlanOutcome } from './builds.ts';
import type { BuildsDeps } from './deps.ts';
import { carryOver } from './carry-over.ts';
import { endBuild } from './end-workflow.ts';
import { ensureEnvironment } from './environments.ts';
import type { WorkflowPart } from './failed-part.ts';
import { insertDeployment } from './new-deployment.ts';
import { transition } from './transition.ts';

/** See `Builds.planBuild`. `parts`: what of each workflow runs, where only what failed of another build does. */
export async function planBuildIn(
  deps: BuildsDeps,
  tx: Tx,
  buildId: string,
  outcome: PlanOutcome,
  parts: readonly WorkflowPart[] = [],
): Promise<void> {
  const build = await tx.db
    .selectFrom('build')
    .select(['project_id', 'status', 'planned', 'branch_order'])
    .where('id', '=', buildId)
    .executeTakeFirst();
  if (build === undefined) throw new Problem('not_found', { what: 'build', id: buildId });
  if (build.planned === 1 || (build.status !== 'pending' && build.status !== 'blocked')) return;
  const at = deps.clock.nowMs();
  if (outcome.kind === 'ended') {
    const { status, reason, code = null } = outcome;
    return endBuild(tx, { buildId, status, reason, code, at });
  }
  if (outcome.kind === 'problems') return endWithProblems(tx, buildId, outcome.problems, at);
  try {
    const environments = await environmentsOf(deps, tx, build.project_id, outcome.plan, at);
    const workflowIds = await keepPlan(tx, buildId, { ...outcome, parts, at });
    for (const [position, { plan }] of outcome.plan.workflows.entries())
      for (const settings of plan.deploys)
        await insertDeployment(tx, {
          environmentId: environments.get(settings) ?? '',
          buildId,
          workflowId: workflowIds[position] ?? null,
          releaseId: null,
          cause: 'build',
          settings,
          order: build.branch_order,
          at,
        });
    if (parts.length > 0) await carryOver(tx, { buildId, workflowIds, parts, at });
  } catch (error) {
    if (!(error instanceof Problem) || !REFUSALS.has(error.code)) throw error;
    const status = error.code === 'host_taken' ? 'failure' : 'error';
    const { code, message, fix } = error;
    await endBuild(tx, { buildId, status, reason: `${message} ${fix}`, code, at });
  }
}

/** Of an environment, before anything was written. Any other problem ends the transaction. */
const REFUSALS: ReadonlySet<ProblemCode> = new Set([
  'host_taken',
  'router_full',
  'address_exhausted',
  'environment_removing',
]);

/** Environment of each of the plan's deployments; before anything else, since one may be refused. */
async function environmentsOf(
  deps: BuildsDeps,
  tx: Tx,
  projectId: string,
  { workflows }: BuildPlan,
  at: number,
): Promise<ReadonlyMap<DeployPlan, string>> {
  const ids = new Map<DeployPlan, string>();
  for (const deploy of workflows.flatMap(({ plan }) => plan.deploys))
    ids.set(deploy, await ensureEnvironment(tx, { projectId, plan: deploy, router: deps.router, at }));
  return ids;
}

async function endWithProblems(
  tx: Tx,
  buildId: string,
  problems: readonly LintProblemView[],
  at: number,
): Promise<void> {
  const problems_json = JSON.stringify(problems);
  await tx.db.updateTable('build').set({ problems_json }).where('id', '=', buildId).execute();
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const end = badEnd('pipeline_file_wrong', { errors: errors === 1 ? '1 error' : `${errors} errors` });
  await endBuild(tx, { buildId, ...end, at });
}

type Planned = Pick<Extract<PlanOutcome, { kind: 'plan' }>, 'plan' | 'warnings'> & {
  readonly parts: readonly WorkflowPart[];
  readonly at: number;
};

/** Writes the workflows with their steps; gives their ids in the plan's order. */
async function keepPlan(
  tx: Tx,
  buildId: string,
  { plan, warnings, parts, at }: Planned,
): Promise<readonly string[]> {
  await tx.db
    .updateTable('build')
    .set({ planned: 1, problems_json: JSON.stringify(warnings) })
    .where('id', '=', buildId)
    .execute();
  const rows = plan.workflows.map((workflow, position) =>
    workflowRow(workflow, { buildId, position, part: parts[position], at }),
  );
  for (const some of chunks(rows, MOST_ROWS)) await tx.db.insertInto('workflow').values(some).execute();
  const steps = plan.workflows.flatMap((workflow, position) => {
    const part = parts[position];
    const repeat = part?.kind === 'repeat' ? part.repeat : null;
    return part?.kind === 'carry'
      ? []
      : [{ workflowId: rows[position]?.id ?? '', plan: workflow.plan, repeat }];
  });
  await insertSteps(tx, steps, { buildId, attempt: 1, at });
  tx.changed('build', buildId);
  for (const { id } of rows) tx.changed('queue', id);
  return rows.map(({ id }) => id);
}

interface WorkflowPlace {
  readonly buildId: string;
  readonly position: number;
  readonly part: WorkflowPart | undefined;
  readonly at: number;
}

function workflowRow(
  { name, plan, dependsOn, runsOn, matrix }: WorkflowPlan,
  { buildId, position, part, at }: WorkflowPlace,
) {
  return {
    id: newId('wfl', at),
    build_id: buildId,
    name,
    position,
    status: part?.kind === 'carry' ? ('success' as const) : ('pending' as const),
    reason: null,
    attempt: 1,
    labels_json: JSON.stringify(plan.labels ?? {}),
    needs_json: JSON.stringify(neededFeatures(plan)),
    group_key: plan.concurrency === undefined ? null : groupKey(plan.concurrency, name),
    group_limit: plan.concurrency?.limit ?? null,
    plan_json: JSON.stringify(plan),
    depends_on_json: JSON.stringify(dependsOn),
    runs_on_json: JSON.stringify(runsOn),
    matrix_json: matrix === null ? null : JSON.stringify(matrix),
    carried_from: part?.kind === 'carry' ? part.workflowId : null,
    repeat_json: part?.kind === 'repeat' ? JSON.stringify(part.repeat) : null,
    worker_id: null,
    placed_at: null,
    started_at: null,
    finished_at: null,
    cancel_requested: null,
  };
}

/**
 * The step rows of one attempt of each workflow. Those that `when` leaves out are skipped at once; those that `repeat`
 * keeps are green from the start, or skipped as they were.
 */
export async function insertSteps(
  tx: Tx,
  workflows: readonly {
    readonly workflowId: string;
    readonly plan: Plan;
    readonly repeat: WorkflowRepeat | null;
  }[],
  { buildId, attempt, at }: { buildId: string; attempt: number; at: number },
): Promise<void> {
  const rows = workflows.flatMap(({ workflowId, plan, repeat }) => {
    const keptAs = new Map(repeat?.kept.map((step) => [`${step.kind} ${step.name}`, step]));
    return workflowRows(plan).map((row, position) => {
      const kept = keptAs.get(`${row.kind} ${row.name}`);
      return {
        isSelected: row.selected,
        values: {
          id: newId('stp', at),
          workflow_id: workflowId,
          workflow_attempt: attempt,
          position,
          kind: row.kind,
          name: row.name,
          split_of: row.splitOf ?? null,
          depends_on_json: JSON.stringify(row.dependsOn),
          status: statusOf(kept),
          reason: kept?.empty === true ? 'no test file is left for this share' : null,
          carried_from: kept?.stepId ?? null,
        },
      };
    });
  });
  for (const some of chunks(rows, MOST_ROWS))
    await tx.db
      .insertInto('step')
      .values(some.map(({ values }) => values))
      .execute();
  const reason = 'its `when` does not match this event';
  for (const { isSelected, values } of rows)
    if (!isSelected)
      await transition(tx, { table: 'step', id: values.id, buildId, to: 'skipped', reason, at });
}

function statusOf(kept: KeptStep | undefined): 'pending' | 'success' | 'skipped' {
  if (kept === undefined) return 'pending';
  return kept.empty === true ? 'skipped' : 'success';
}

/** Rows of one statement. */
const MOST_ROWS = 50;
