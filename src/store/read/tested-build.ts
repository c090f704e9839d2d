import type { FailedTest, TestedBuild } from '../../core/commit-check.ts';
import { workflowLabel } from '../../core/matrix-label.ts';
import type { WorkflowPlan } from '../../core/plan.ts';
import { readBuildPlan } from './build-plan.ts';
import { readTests } from './tests.ts';
import type { Reader } from './view-context.ts';

/** So many of those that failed are looked at for a place in a file. */
const LOOKED_AT = 2_000;

/** A build with those of its tests that failed, in the order of its page; null when there is no such build any more. */
export async function readTestedBuild(db: Reader, buildId: string): Promise<TestedBuild | null> {
  const build = await db.selectFrom('build').selectAll().where('id', '=', buildId).executeTakeFirst();
  const tests = await readTests(db, { buildId, all: false, after: 0, limit: LOOKED_AT });
  if (build === undefined || tests === null) return null;
  const folders = foldersOf((await readBuildPlan(db, buildId))?.workflows ?? []);
  const failed = tests.items
    .filter(({ status }) => status === 'failed' || status === 'error')
    .map((test): FailedTest => ({ ...test, ...(folders.get(`${test.workflow} ${test.step}`) ?? AT_ROOT) }));
  return {
    id: buildId,
    commit: build.commit,
    event: build.event_kind,
    status: build.status,
    startedAtMs: build.started_at,
    finishedAtMs: build.finished_at ?? build.created_at,
    counts: tests.counts,
    failed,
    isMissing: tests.missing.length > 0,
  };
}

type Folders = Pick<FailedTest, 'start' | 'directory'>;
const AT_ROOT: Folders = { start: '.', directory: '.' };

/** Of each step, where in the repository it starts; in the image just built that is the build's context. */
function foldersOf(workflows: readonly WorkflowPlan[]): ReadonlyMap<string, Folders> {
  return new Map(
    workflows.flatMap((workflow) =>
      workflow.plan.steps.map(({ name, image, reports }) => {
        const start = image === null ? (workflow.plan.image?.context ?? '.') : '.';
        return [`${workflowLabel(workflow)} ${name}`, { start, directory: reports?.folder ?? '.' }] as const;
      }),
    ),
  );
}
