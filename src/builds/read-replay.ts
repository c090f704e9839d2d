import type { BuiltImage, PushedImage } from '../core/image.ts';
import { Problem } from '../core/problem.ts';
import { isEnd } from '../core/status.ts';
import type { RecordedImage, ReplayView, ReplayWorkflowView } from '../core/view.ts';
import { readBuildPlan } from '../store/read/build-plan.ts';
import type { Tx } from '../store/store.ts';
import { recordedWork } from './claim-workflow.ts';
import type { BuildsDeps } from './deps.ts';

/** What a build that has ended was made of. @throws Problem `not_found`, `not_replayable`. */
export async function readReplay(
  deps: Pick<BuildsDeps, 'variables'>,
  tx: Tx,
  buildId: string,
): Promise<ReplayView> {
  const build = await tx.db.selectFrom('build').select('status').where('id', '=', buildId).executeTakeFirst();
  if (build === undefined) throw new Problem('not_found', { what: 'build', id: buildId });
  if (!isEnd(build.status))
    throw new Problem('not_replayable', { id: buildId, cause: `it is ${build.status}` });
  const plan = await readBuildPlan(tx.db, buildId);
  const rows = await tx.db
    .selectFrom('workflow')
    .leftJoin('image', 'image.workflow_id', 'workflow.id')
    .where('workflow.build_id', '=', buildId)
    .orderBy('workflow.position')
    .select(['workflow.id', 'workflow.status', 'image.built_json', 'image.pushed_json'])
    .execute();
  let shared: Omit<ReplayView, 'id' | 'workflows'> | null = null;
  const workflows: ReplayWorkflowView[] = [];
  for (const [index, row] of rows.entries()) {
    const own = plan?.workflows[index];
    if (own === undefined) continue;
    const work = await recordedWork(deps, tx, row.id);
    shared ??= { number: work.build.number, projectPath: work.build.projectPath, clone: work.clone };
    workflows.push({ ...own, status: row.status, variables: work.variables, image: imageOf(row) });
  }
  if (shared === null) throw new Problem('not_replayable', { id: buildId, cause: 'it has no plan' });
  return { id: buildId, ...shared, workflows };
}

/** With a test target the steps ran in an image that no registry was given. */
function imageOf(row: {
  readonly built_json: string | null;
  readonly pushed_json: string | null;
}): RecordedImage | null {
  const built = JSON.parse(row.built_json ?? 'null') as BuiltImage | null;
  const pushed = JSON.parse(row.pushed_json ?? 'null') as PushedImage | null;
  if (built === null || pushed === null || built.testImageId !== built.imageId) return null;
  return { reference: `${pushed.repository}@${pushed.digest}`, imageId: built.imageId };
}
