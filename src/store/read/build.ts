import type { BuiltImage, PushedImage } from '../../core/image.ts';
import { readEvent } from '../../core/event.ts';
import type { InputValues } from '../../core/input.ts';
import type { BuildView } from '../../core/views/build-view.ts';
import type { LintProblemView } from '../../core/views/lint-view.ts';
import type { WorkflowView } from '../../core/views/workflow-view.ts';
import { selectSummaries, toSummary } from './build-summaries.ts';
import { deploymentsOfBuild } from './deployment-views.ts';
import { artifactsOfBuild } from './artifacts.ts';
import { noticesOfBuild } from './notices.ts';
import type { Reader, ViewContext } from './view-context.ts';
import { workflowsOfBuild } from './workflow-views.ts';

/** A build with everything that its page shows; null when there is none. */
export async function readBuild(
  db: Reader,
  buildId: string,
  context: ViewContext,
): Promise<BuildView | null> {
  const row = await selectSummaries(db)
    .leftJoin('build as first', 'first.id', 'build.rerun_of')
    .leftJoin('build as before', 'before.id', 'build.rerun_from')
    .select(['build.delivery_id', 'build.rerun_of', 'build.problems_json', 'first.number as first_number'])
    .select(['before.id as before_id', 'before.number as before_number'])
    .where('build.id', '=', buildId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const problems = JSON.parse(row.problems_json ?? '[]') as LintProblemView[];
  const workflows = await workflowsOfBuild(db, buildId);
  return {
    ...toSummary(row, await deploymentsOfBuild(db, buildId, context), context),
    deliveryId: row.delivery_id,
    rerunOf: row.rerun_of,
    rerunOfNumber: row.first_number,
    inputs: inputsOf(row.event_json),
    rerunFrom:
      row.before_id === null || row.before_number === null
        ? null
        : { id: row.before_id, number: row.before_number },
    problems: problems.filter(({ severity }) => severity === 'error'),
    warnings: problems.filter(({ severity }) => severity === 'warning'),
    workflows,
    ...(await readImage(db, buildId, workflows)),
    artifacts: await artifactsOfBuild(db, buildId),
    notices: await noticesOfBuild(db, buildId),
  };
}

function inputsOf(eventJson: string): InputValues {
  const event = readEvent(eventJson);
  return event.kind === 'manual' ? event.inputs : {};
}

/** What the build published: the image of the first workflow that pushed one, else the first that was built. */
async function readImage(
  db: Reader,
  buildId: string,
  workflows: readonly WorkflowView[],
): Promise<Pick<BuildView, 'image' | 'pushed'>> {
  const rows = await db
    .selectFrom('image')
    .innerJoin('workflow', 'workflow.id', 'image.workflow_id')
    .selectAll('image')
    .where('image.build_id', '=', buildId)
    .orderBy('workflow.position')
    .execute();
  const row = rows.find(({ pushed_json }) => pushed_json !== null) ?? rows[0];
  if (row === undefined) return { image: null, pushed: null };
  const own = workflows.filter(({ id }) => id === row.workflow_id);
  return {
    image: { ...(JSON.parse(row.built_json) as BuiltImage), durationMs: imageDuration(own) },
    pushed:
      row.pushed_json === null
        ? null
        : {
            ...(JSON.parse(row.pushed_json) as PushedImage),
            tags: JSON.parse(row.tags_json ?? '[]') as string[],
          },
  };
}

/** How long the image step took, in its last attempt. */
function imageDuration(workflows: readonly WorkflowView[]): number | null {
  const step = workflows.flatMap(({ steps }) => steps).find(({ kind }) => kind === 'image');
  const attempt = step?.attempts.at(-1);
  return attempt?.startedAtMs == null || attempt.finishedAtMs === null
    ? null
    : attempt.finishedAtMs - attempt.startedAtMs;
}
