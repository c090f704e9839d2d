import type { PushedImage } from '../core/image.ts';
import { newId } from '../core/id.ts';
import { chunks } from '../core/chunks.ts';
import type { Tx } from '../store/store.ts';
import { settleWorkflows } from './end-workflow.ts';
import type { WorkflowPart } from './failed-part.ts';
import { carryNamedImages } from './carry-named-images.ts';
import { makeReleases } from './make-releases.ts';
import { recordEvent } from './record-event.ts';
import { settleBuild } from './settle-environment.ts';

interface Carried {
  readonly buildId: string;
  /** In the plan's order, as `parts`. */
  readonly workflowIds: readonly string[];
  readonly parts: readonly WorkflowPart[];
  readonly at: number;
}

/**
 * Gives a build that runs what failed of another again the workflows which were green there: their steps, and the image
 * that they pushed, from which its deployments have their releases. One that runs again in part keeps the division of the
 * test files of its split steps; the names of images stand for what they stood for there.
 */
export async function carryOver(tx: Tx, { buildId, workflowIds, parts, at }: Carried): Promise<void> {
  for (const [position, part] of parts.entries()) {
    const workflowId = workflowIds[position];
    if (workflowId === undefined) continue;
    if (part.kind === 'repeat') await carryDivisions(tx, part.workflowId, workflowId, buildId);
    if (part.kind !== 'carry') continue;
    await carrySteps(tx, part.workflowId, workflowId, at);
    await carryImage(tx, part.workflowId, { workflowId, buildId, at });
    await recordEvent(tx, {
      at,
      subject: 'workflow',
      subjectId: workflowId,
      buildId,
      type: 'workflow.carried',
      detail: { from: part.workflowId },
    });
  }
  await carryNamedImages(tx, buildId, workflowIds, parts);
  await settleBuild(tx, buildId, at);
  await settleWorkflows(tx, buildId, at);
}

/** Shares that run again have the test files that they had: those of the others have been run. */
async function carryDivisions(
  { db }: Tx,
  fromWorkflow: string,
  workflowId: string,
  buildId: string,
): Promise<void> {
  const divisions = await db
    .selectFrom('division')
    .select(['step', 'shares_json'])
    .where('workflow_id', '=', fromWorkflow)
    .execute();
  for (const division of divisions)
    await db
      .insertInto('division')
      .values({ ...division, workflow_id: workflowId, build_id: buildId })
      .execute();
}

async function carrySteps(tx: Tx, fromWorkflow: string, workflowId: string, at: number): Promise<void> {
  const { attempt } = await tx.db
    .selectFrom('workflow')
    .select('attempt')
    .where('id', '=', fromWorkflow)
    .executeTakeFirstOrThrow();
  const steps = await tx.db
    .selectFrom('step')
    .select([
      'id',
      'position',
      'kind',
      'name',
      'split_of',
      'depends_on_json',
      'status',
      'reason',
      'code',
      'carried_from',
    ])
    .where('workflow_id', '=', fromWorkflow)
    .where('workflow_attempt', '=', attempt)
    .orderBy('position')
    .execute();
  const rows = steps.map(({ id, carried_from, ...step }) => ({
    ...step,
    id: newId('stp', at),
    workflow_id: workflowId,
    workflow_attempt: 1,
    carried_from: carried_from ?? id,
  }));
  for (const some of chunks(rows, MOST_ROWS)) await tx.db.insertInto('step').values(some).execute();
}

/** Rows of one statement. */
const MOST_ROWS = 50;

async function carryImage(
  tx: Tx,
  fromWorkflow: string,
  { workflowId, buildId, at }: { workflowId: string; buildId: string; at: number },
): Promise<void> {
  const image = await tx.db
    .selectFrom('image')
    .select(['build_id', 'built_json', 'pushed_json', 'tags_json'])
    .where('workflow_id', '=', fromWorkflow)
    .executeTakeFirst();
  if (image === undefined) return;
  const { build_id: fromBuild, ...carried } = image;
  await tx.db
    .insertInto('image')
    .values({ ...carried, workflow_id: workflowId, build_id: buildId })
    .execute();
  if (image.pushed_json === null) return;
  const pushed = JSON.parse(image.pushed_json) as PushedImage;
  await nameAlso(tx, fromBuild, { buildId, pushed, at });
  await makeReleases(tx, workflowId, pushed, at);
}

/** The new build names the manifest too, so that the end of no other one removes it. */
async function nameAlso(
  tx: Tx,
  fromBuild: string,
  { buildId, pushed, at }: { buildId: string; pushed: PushedImage; at: number },
): Promise<void> {
  const { repository, digest } = pushed;
  const named = await tx.db
    .selectFrom('manifest')
    .select('fresh')
    .where('build_id', '=', fromBuild)
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (named === undefined) return;
  await tx.db
    .insertInto('manifest')
    .values({ repository, digest, build_id: buildId, fresh: named.fresh, named_at: at })
    .onConflict((conflict) => conflict.columns(['repository', 'digest', 'build_id']).doNothing())
    .execute();
}
