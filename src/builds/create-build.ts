import { newId, timeOrder } from '../core/id.ts';
import { branchOf } from '../core/event.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import { SUPERSEDED } from '../core/supersession.ts';
import type { Tx } from '../store/store.ts';
import type { BuildReference, NewBuild } from './builds.ts';
import { cancelBuildIn } from './cancel-build.ts';
import type { BuildsDeps } from './deps.ts';
import type { WorkflowPart } from './failed-part.ts';
import { planBuildIn } from './plan-build.ts';
import { recordEvent } from './record-event.ts';
import { tellBuild } from './tell-host.ts';

/** What a re-run keeps of the build that it runs again. */
interface Rerun {
  /** The first of those that run the same again. */
  readonly buildId: string;
  readonly branchOrder: string;
  /** Only what failed of a build runs again; null: all of it. */
  readonly only: { readonly buildId: string; readonly parts: readonly WorkflowPart[] } | null;
}

/** See `Builds.createBuildIn`. */
export async function createBuildIn(
  deps: BuildsDeps,
  tx: Tx,
  build: NewBuild,
  rerun: Rerun | null = null,
): Promise<BuildReference & { readonly isNew: boolean }> {
  const known = build.deliveryId === null ? undefined : await buildOfDelivery(tx, build.deliveryId);
  if (known !== undefined) return { ...known, isNew: false };
  const reference = await insertBuild(tx, build, rerun, deps.clock.nowMs());
  if (build.deliveryId !== null) await answerDelivery(tx, build.deliveryId, build.blocked);
  await cancelSuperseded(deps, tx, build, reference);
  if (build.outcome !== null)
    await planBuildIn(deps, tx, reference.buildId, build.outcome, rerun?.only?.parts);
  return { ...reference, isNew: true };
}

async function buildOfDelivery(tx: Tx, deliveryId: string): Promise<BuildReference | undefined> {
  return tx.db
    .selectFrom('build')
    .select(['id as buildId', 'number'])
    .where('delivery_id', '=', deliveryId)
    .executeTakeFirst();
}

async function insertBuild(
  tx: Tx,
  { projectId, deliveryId, arrivedWith, event, outcome, blocked }: NewBuild,
  rerun: Rerun | null,
  at: number,
): Promise<BuildReference> {
  const number = await takeNumber(tx, projectId);
  const buildId = newId('bld', at);
  await tx.db
    .insertInto('build')
    .values({
      id: buildId,
      project_id: projectId,
      number,
      delivery_id: deliveryId,
      rerun_of: rerun?.buildId ?? null,
      rerun_from: rerun?.only?.buildId ?? null,
      status: blocked === null ? 'pending' : 'blocked',
      reason: blocked,
      event_json: JSON.stringify(event),
      event_kind: event.kind,
      ref_name: refName(event),
      commit: event.commit,
      branch: branchOf(event),
      pull_request: event.kind === 'pull_request' ? event.number : null,
      branch_order: rerun?.branchOrder ?? timeOrder(deliveryId ?? arrivedWith ?? buildId),
      // A delivery's is planned at once, by who makes it.
      plan_attempts: deliveryId !== null && outcome === null && blocked === null ? 1 : 0,
      problems_json: null,
      created_at: at,
      started_at: null,
      finished_at: null,
      cancel_requested: null,
    })
    .execute();
  const detail = { event: event.kind, commit: event.commit, rerunOf: rerun?.buildId ?? null };
  await recordEvent(tx, { at, subject: 'build', subjectId: buildId, buildId, type: 'build.created', detail });
  await tellBuild(tx, buildId, at);
  tx.changed('build', buildId);
  tx.changed('queue', buildId);
  return { buildId, number };
}

/**
 * Builds of a project are numbered from 1, without gaps.
 * @throws Problem `not_found`; `project_removing`: its builds go, and none comes meanwhile, whatever asks for it.
 */
async function takeNumber(tx: Tx, projectId: string): Promise<number> {
  const row = await tx.db
    .updateTable('project')
    .set((eb) => ({ next_build_number: eb('next_build_number', '+', 1) }))
    .where('id', '=', projectId)
    .returning(['next_build_number', 'removing_at', 'path'])
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', { what: 'project', id: projectId });
  if (row.removing_at !== null) throw new Problem('project_removing', { project: row.path });
  return row.next_build_number - 1;
}

function refName(event: RepositoryEvent): string {
  switch (event.kind) {
    case 'push':
    case 'manual':
    case 'cron':
      return event.branch;
    case 'tag':
      return event.tag;
    case 'pull_request':
      return `#${event.number}`;
  }
}

async function answerDelivery(tx: Tx, deliveryId: string, blocked: string | null): Promise<void> {
  await tx.db
    .updateTable('delivery')
    .set((eb) => ({
      outcome: blocked === null ? 'built' : 'blocked',
      reason: blocked,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', deliveryId)
    .execute();
  tx.changed('delivery', deliveryId);
}

/** A newer build of a pull request makes its older ones useless. */
async function cancelSuperseded(
  deps: BuildsDeps,
  tx: Tx,
  { projectId, event }: NewBuild,
  { buildId, number }: BuildReference,
): Promise<void> {
  if (event.kind !== 'pull_request') return;
  const own = tx.db.selectFrom('build').select('branch_order').where('id', '=', buildId);
  const older = await tx.db
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', projectId)
    .where('pull_request', '=', event.number)
    .where('status', 'in', ['pending', 'running', 'blocked'])
    .where('id', '!=', buildId)
    .where('branch_order', '<=', own)
    .execute();
  for (const row of older) await cancelBuildIn(tx, row.id, `${SUPERSEDED} by #${number}`, deps.clock.nowMs());
}
