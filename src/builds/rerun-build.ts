import { readEvent } from '../core/event.ts';
import type { BuildPlan } from '../core/plan.ts';
import { Problem } from '../core/problem.ts';
import type { LintProblemView } from '../core/views/lint-view.ts';
import { readBuildPlan } from '../store/read/build-plan.ts';
import type { Tx } from '../store/store.ts';
import type { BuildReference, PlanOutcome } from './builds.ts';
import { createBuildIn } from './create-build.ts';
import type { BuildsDeps } from './deps.ts';
import { failedPart } from './failed-part.ts';

/** What of a build is run again. */
export type RerunScope = 'all' | 'failed';

/** See `Builds.rerunBuild`. */
export async function rerunBuildIn(
  deps: BuildsDeps,
  tx: Tx,
  buildId: string,
  scope: RerunScope,
): Promise<BuildReference & { readonly project: string }> {
  const old = await tx.db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .selectAll('build')
    .select('project.path as project')
    .where('build.id', '=', buildId)
    .executeTakeFirst();
  if (old === undefined) throw new Problem('not_found', { what: 'build', id: buildId });
  const only = scope === 'all' ? null : { buildId, parts: await failedPart(tx, old, deps.clock.nowMs()) };
  const { buildId: id, number } = await createBuildIn(
    deps,
    tx,
    {
      projectId: old.project_id,
      deliveryId: null,
      event: readEvent(old.event_json),
      outcome: outcomeOf(await readBuildPlan(tx.db, old.id), old.problems_json),
      blocked: old.status === 'blocked' ? old.reason : null,
    },
    { buildId: old.rerun_of ?? old.id, branchOrder: old.branch_order, only },
  );
  return { buildId: id, number, project: old.project };
}

/** The plan that the build had; null when its files were never read, or not all that they include, so that they are read now. */
function outcomeOf(plan: BuildPlan | null, problemsJson: string | null): PlanOutcome | null {
  const problems = JSON.parse(problemsJson ?? '[]') as LintProblemView[];
  if (plan !== null) return { kind: 'plan', plan, warnings: problems };
  const isUnread = problems.some(({ code }) => code === 'include_unreachable');
  return problems.length > 0 && !isUnread ? { kind: 'problems', problems } : null;
}
