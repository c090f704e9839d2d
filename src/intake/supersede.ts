import type { PullRequestEvent } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import { SUPERSEDED } from '../core/supersession.ts';
import { readBuildPlan } from '../store/read/build-plan.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { ProjectRow } from './project-row.ts';

/**
 * Cancels what still runs for commits of a pull request that arrived before `buildId`'s, where that was built as a push.
 * Builds that publish or deploy are left alone: they are pushes in their own right.
 */
export async function supersede(
  deps: Pick<IntakeDeps, 'store' | 'builds'>,
  project: ProjectRow,
  event: PullRequestEvent,
  buildId: string,
): Promise<void> {
  const running = await deps.store.db
    .selectFrom('build')
    .innerJoin('delivery_build', 'delivery_build.build_id', 'build.id')
    .where('build.project_id', '=', project.id)
    .where('delivery_build.pull_request', '=', event.number)
    .where('build.event_kind', '=', 'push')
    .where('build.commit', '!=', event.commit)
    .where('build.branch_order', '<', (eb) =>
      eb.selectFrom('build as newest').select('newest.branch_order').where('newest.id', '=', buildId),
    )
    .where('build.status', 'in', ['pending', 'running'])
    .where('build.cancel_requested', 'is', null)
    .select('build.id')
    .distinct()
    .execute();
  for (const { id } of running) {
    const workflows = (await readBuildPlan(deps.store.db, id))?.workflows ?? null;
    if (workflows?.every(({ plan }) => plan.push === null && plan.deploys.length === 0) !== true) continue;
    await deps.builds
      .cancelBuild(id, `${SUPERSEDED}: pull request #${event.number} is at ${event.commit.slice(0, 10)}`)
      .catch(unlessEnded);
  }
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof Problem) || error.code !== 'already_ended') throw error;
}
