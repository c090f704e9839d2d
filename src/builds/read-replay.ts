import { readEvent } from '../core/event.ts';
import type { BuiltImage, PushedImage } from '../core/image.ts';
import { Problem } from '../core/problem.ts';
import type { WorkflowRepeat } from '../core/repeat.ts';
import type { Division } from '../core/split.ts';
import { isEnd } from '../core/status.ts';
import { isTrusted } from '../core/trust.ts';
import type { RecordedImage, ReplayView, ReplayWorkflowView } from '../core/views/replay-view.ts';
import { readBuildPlan } from '../store/read/build-plan.ts';
import { takenArtifacts } from '../store/read/taken-artifacts.ts';
import type { Tx } from '../store/store.ts';
import { recordedWork } from './claim-workflow.ts';
import type { BuildsDeps } from './deps.ts';

/** What a build that has ended was made of: all of it, also where it ran only what had failed of another. @throws Problem `not_found`, `not_replayable`. */
export async function readReplay(
  deps: Pick<BuildsDeps, 'variables' | 'clock'>,
  tx: Tx,
  buildId: string,
): Promise<ReplayView> {
  const build = await tx.db
    .selectFrom('build')
    .select(['status', 'event_json'])
    .where('id', '=', buildId)
    .executeTakeFirst();
  if (build === undefined) throw new Problem('not_found', { what: 'build', id: buildId });
  if (!isEnd(build.status))
    throw new Problem('not_replayable', { id: buildId, cause: `it is ${build.status}` });
  const plan = await readBuildPlan(tx.db, buildId);
  const rows = await tx.db
    .selectFrom('workflow')
    .leftJoin('image', 'image.workflow_id', 'workflow.id')
    .where('workflow.build_id', '=', buildId)
    .orderBy('workflow.position')
    .select([
      'workflow.id',
      'workflow.status',
      'workflow.repeat_json',
      'image.built_json',
      'image.pushed_json',
    ])
    .execute();
  let shared: Pick<ReplayView, 'number' | 'projectPath' | 'clone'> | null = null;
  const workflows: ReplayWorkflowView[] = [];
  for (const [index, row] of rows.entries()) {
    const own = plan?.workflows[index];
    if (own === undefined) continue;
    const work = await recordedWork(deps, tx, row.id);
    shared ??= { number: work.build.number, projectPath: work.build.projectPath, clone: work.clone };
    workflows.push({
      ...own,
      ...{ status: row.status, variables: work.variables, image: imageOf(row) },
      ...(await decidedIn(tx, row.id)),
      takes: await takenArtifacts(tx, row.id, deps.clock.nowMs()),
    });
  }
  if (shared === null) throw new Problem('not_replayable', { id: buildId, cause: 'it has no plan' });
  const event = readEvent(build.event_json);
  const pullRequest =
    event.kind === 'pull_request' ? { number: event.number, isTrusted: isTrusted(event) } : null;
  return { id: buildId, ...shared, pullRequest, failedPartOf: failedPartOf(rows), workflows };
}

/** What was decided while it ran, which its plan does not say. */
async function decidedIn(
  { db }: Tx,
  workflowId: string,
): Promise<Pick<ReplayWorkflowView, 'images' | 'divisions'>> {
  const names = await db
    .selectFrom('named_image')
    .select(['name', 'from_place', 'digest'])
    .where('workflow_id', '=', workflowId)
    .execute();
  const divisions = await db
    .selectFrom('division')
    .select(['step', 'shares_json'])
    .where('workflow_id', '=', workflowId)
    .execute();
  return {
    images: Object.fromEntries(names.map(({ name, from_place: from, digest }) => [name, { from, digest }])),
    divisions: Object.fromEntries(
      divisions.map(({ step, shares_json }) => [step, JSON.parse(shares_json) as Division]),
    ),
  };
}

/** Each workflow that runs again says of which build; those that were green there say nothing. */
function failedPartOf(rows: readonly { readonly repeat_json: string | null }[]): number | null {
  const repeats = rows.map(({ repeat_json }) => JSON.parse(repeat_json ?? 'null') as WorkflowRepeat | null);
  return repeats.find((repeat) => repeat !== null)?.of ?? null;
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
