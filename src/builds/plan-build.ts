import { newId } from '../core/id.ts';
import type { Plan } from '../core/plan.ts';
import { Problem, type ProblemCode } from '../core/problem.ts';
import type { LintProblemView } from '../core/view.ts';
import { workflowRows } from '../core/workflow-rows.ts';
import type { Tx } from '../store/store.ts';
import type { PlanOutcome } from './builds.ts';
import type { BuildsDeps } from './deps.ts';
import { endBuild } from './end-workflow.ts';
import { ensureEnvironment } from './environments.ts';
import { insertDeployment } from './new-deployment.ts';
import { transition } from './transition.ts';

/** See `Builds.planBuild`. */
export async function planBuildIn(
  deps: BuildsDeps,
  tx: Tx,
  buildId: string,
  outcome: PlanOutcome,
): Promise<void> {
  const build = await tx.db
    .selectFrom('build')
    .select(['project_id', 'status', 'plan_json', 'branch_order'])
    .where('id', '=', buildId)
    .executeTakeFirst();
  if (build === undefined) throw new Problem('not_found', { what: 'build', id: buildId });
  if (build.plan_json !== null || (build.status !== 'pending' && build.status !== 'blocked')) return;
  const at = deps.clock.nowMs();
  if (outcome.kind === 'ended')
    return endBuild(tx, { buildId, status: outcome.status, reason: outcome.reason, at });
  if (outcome.kind === 'problems') return endWithProblems(tx, buildId, outcome.problems, at);
  try {
    const environments = await environmentsOf(deps, tx, build.project_id, outcome.plan, at);
    await keepPlan(tx, buildId, outcome, at);
    for (const [index, settings] of outcome.plan.deploys.entries())
      await insertDeployment(tx, {
        environmentId: environments[index] ?? '',
        buildId,
        releaseId: null,
        cause: 'build',
        settings,
        order: build.branch_order,
        at,
      });
  } catch (error) {
    if (!(error instanceof Problem) || !REFUSALS.has(error.code)) throw error;
    const status = error.code === 'host_taken' ? 'failure' : 'error';
    await endBuild(tx, { buildId, status, reason: `${error.message} ${error.fix}`, at });
  }
}

/** Of an environment, before anything was written. Any other problem ends the transaction. */
const REFUSALS: ReadonlySet<ProblemCode> = new Set(['host_taken', 'router_full', 'address_exhausted']);

/** Environments of the plan's deployments, in its order; before anything else, since one may be refused. */
async function environmentsOf(
  deps: BuildsDeps,
  tx: Tx,
  projectId: string,
  plan: Plan,
  at: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const deploy of plan.deploys)
    ids.push(await ensureEnvironment(tx, { projectId, plan: deploy, router: deps.router, at }));
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
  const reason = `the pipeline file has ${errors === 1 ? '1 error' : `${errors} errors`}`;
  await endBuild(tx, { buildId, status: 'failure', reason, at });
}

/** Writes the plan and the workflow with its steps; those that `when` leaves out are skipped at once. */
async function keepPlan(
  tx: Tx,
  buildId: string,
  { plan, warnings }: Extract<PlanOutcome, { kind: 'plan' }>,
  at: number,
): Promise<void> {
  await tx.db
    .updateTable('build')
    .set({ plan_json: JSON.stringify(plan), problems_json: JSON.stringify(warnings) })
    .where('id', '=', buildId)
    .execute();
  const workflowId = newId('wfl', at);
  await tx.db
    .insertInto('workflow')
    .values({
      id: workflowId,
      build_id: buildId,
      name: 'default',
      status: 'pending',
      reason: null,
      attempt: 1,
      labels_json: JSON.stringify(plan.labels ?? {}),
      worker_id: null,
      placed_at: null,
      started_at: null,
      finished_at: null,
    })
    .execute();
  await insertSteps(tx, { workflowId, buildId, attempt: 1, plan, at });
  tx.changed('build', buildId);
  tx.changed('queue', workflowId);
}

/** The step rows of one attempt of a workflow. */
export async function insertSteps(
  tx: Tx,
  steps: { workflowId: string; buildId: string; attempt: number; plan: Plan; at: number },
): Promise<void> {
  const { workflowId, buildId, attempt, plan, at } = steps;
  for (const [position, row] of workflowRows(plan).entries()) {
    const id = newId('stp', at);
    await tx.db
      .insertInto('step')
      .values({
        id,
        workflow_id: workflowId,
        workflow_attempt: attempt,
        position,
        kind: row.kind,
        name: row.name,
        depends_on_json: JSON.stringify(row.dependsOn),
        status: 'pending',
        reason: null,
      })
      .execute();
    const reason = 'its `when` does not match this event';
    if (!row.selected) await transition(tx, { table: 'step', id, buildId, to: 'skipped', reason, at });
  }
}
