import { TIMES } from '../../config/times.ts';
import type { PushedImage } from '../core/image.ts';
import { badEnd } from '../core/end.ts';
import { Problem } from '../core/problem.ts';
import { isEnd } from '../core/status.ts';
import type { Report } from '../core/work.ts';
import type { Tx } from '../store/store.ts';
import { cancelOthersIn } from './cancel-others.ts';
import { endWorkflow } from './end-workflow.ts';
import { closeLease, FINISHED } from './lease-rows.ts';
import { makeReleases } from './make-releases.ts';
import { hasPut } from './manifests.ts';
import { settleBuild } from './settle-environment.ts';
import { clearStagingOf } from './staging.ts';
import type { ReportContext } from './take-reports.ts';
import { sealLog } from './seal-log.ts';
import { hasAttemptsLeft, removeUnusedAttempts } from './step-attempts.ts';
import { transition } from './transition.ts';

type ReportOf<T extends Report['type']> = Extract<Report, { type: T }>;

/** Takes in what the holder of a workflow's lease tells; `ignored` for what fits no state, a Problem for what is not true. */
export async function reportWorkflow(
  context: ReportContext,
  report: Report,
): Promise<'taken' | 'ignored' | Problem> {
  switch (report.type) {
    case 'step.started':
      return startStep(context, report.attemptId);
    case 'step.finished':
      return finishStep(context, report);
    case 'image.built':
      return keepImage(context, report);
    case 'image.pushed':
      return keepPush(context, report.image);
    case 'workflow.finished':
      return finishWorkflow(context, report);
    case 'deployment.phase':
    case 'deployment.finished':
      return 'ignored';
  }
}

interface Attempt {
  readonly stepId: string;
  readonly buildId: string;
  readonly status: string;
}

/** The step attempt, if it belongs to the attempt of the workflow that the lease is for. */
async function ownAttempt({ tx, lease }: ReportContext, attemptId: string): Promise<Attempt | undefined> {
  return tx.db
    .selectFrom('step_attempt')
    .innerJoin('step', 'step.id', 'step_attempt.step_id')
    .innerJoin('workflow', 'workflow.id', 'step.workflow_id')
    .select(['step.id as stepId', 'workflow.build_id as buildId', 'step_attempt.status'])
    .where('step_attempt.id', '=', attemptId)
    .where('workflow.id', '=', lease.subject_id)
    .where('step.workflow_attempt', '=', lease.attempt)
    .executeTakeFirst();
}

async function startStep(context: ReportContext, attemptId: string): Promise<'taken' | 'ignored'> {
  const { tx, at } = context;
  const attempt = await ownAttempt(context, attemptId);
  if (attempt === undefined) return 'ignored';
  const change = { buildId: attempt.buildId, to: 'running', reason: null, at } as const;
  const set = { started_at: at };
  const began = await transition(tx, { ...change, table: 'step_attempt', id: attemptId, set });
  await transition(tx, { ...change, table: 'step', id: attempt.stepId });
  return began ? 'taken' : 'ignored';
}

async function finishStep(
  context: ReportContext,
  report: ReportOf<'step.finished'>,
): Promise<'taken' | 'ignored'> {
  const { tx, at } = context;
  const { attemptId, status: to, reason, code } = report;
  const attempt = await ownAttempt(context, attemptId);
  if (attempt === undefined) return 'ignored';
  // An end of its own that was not announced: it ran in between.
  if (attempt.status === 'pending' && (to === 'success' || report.exitCode !== null))
    await startStep(context, attemptId);
  const change = { buildId: attempt.buildId, to, reason, code, at } as const;
  const set = { exit_code: report.exitCode, finished_at: at };
  const ended = await transition(tx, { ...change, table: 'step_attempt', id: attemptId, set });
  if (ended && !(report.again === true && (await hasAttemptsLeft(tx, attempt.stepId)))) {
    await removeUnusedAttempts(tx, attempt.stepId);
    await transition(tx, { ...change, table: 'step', id: attempt.stepId });
    if (to === 'failure' || to === 'error')
      await cancelOthersIn(tx, { workflowId: context.lease.subject_id, stepId: attempt.stepId, at });
  }
  return ended ? 'taken' : 'ignored';
}

async function buildOf({ tx, lease }: ReportContext): Promise<string> {
  const row = await tx.db
    .selectFrom('workflow')
    .select('build_id')
    .where('id', '=', lease.subject_id)
    .executeTakeFirstOrThrow();
  return row.build_id;
}

/** From here on deployments that prepare ahead may begin, on the engine that has the image. */
async function keepImage(context: ReportContext, { image }: ReportOf<'image.built'>): Promise<'taken'> {
  const { tx, lease, now } = context;
  const build_id = await buildOf(context);
  const built_json = JSON.stringify(image);
  await tx.db
    .insertInto('image')
    .values({ workflow_id: lease.subject_id, build_id, built_json, pushed_json: null, tags_json: null })
    .onConflict((conflict) => conflict.column('workflow_id').doUpdateSet({ built_json, pushed_json: null }))
    .execute();
  await settleBuild(tx, build_id, now);
  tx.changed('build', build_id);
  return 'taken';
}

/**
 * From here on there is something to deploy: the releases are fixed, and every deployment may begin. The worker is not believed: tags and deployments follow from what it names, so the server itself must have put it.
 */
async function keepPush(context: ReportContext, image: PushedImage): Promise<'taken' | 'ignored' | Problem> {
  const { tx, lease, now } = context;
  if (!(await hasPut(tx, lease.subject_id, image)))
    return new Problem('request_wrong', {
      field: 'image.pushed',
      cause: `${image.repository}@${image.digest} is not what was put for this build`,
    });
  const buildId = await buildOf(context);
  const result = await tx.db
    .updateTable('image')
    .set((eb) => ({ pushed_json: JSON.stringify(image), version: eb('version', '+', 1) }))
    .where('workflow_id', '=', lease.subject_id)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return 'ignored';
  await makeReleases(tx, lease.subject_id, image, now);
  await settleBuild(tx, buildId, now);
  tx.changed('build', buildId);
  return 'taken';
}

async function finishWorkflow(
  context: ReportContext,
  { status, reason, code = null, keepsImage }: ReportOf<'workflow.finished'>,
): Promise<'taken' | 'ignored'> {
  const { tx, lease, now } = context;
  const buildId = await buildOf(context);
  if (await hasEnded(tx, lease.subject_id)) return 'ignored';
  if (keepsImage === true)
    await tx.db
      .updateTable('image')
      .set({ kept_by: lease.worker_id, kept_until: now + TIMES.keptImage })
      .where('workflow_id', '=', lease.subject_id)
      .execute();
  await closeLease(tx, lease, FINISHED, now);
  await clearStagingOf(tx, lease, 'finished', now);
  const running = badEnd('end_not_reported');
  for (const { id } of await runningAttempts(tx, lease))
    await sealLog(tx, id, `slipway: ${running.reason}`, now);
  await endWorkflow(tx, { workflowId: lease.subject_id, buildId, status, reason, code, at: now, running });
  return 'taken';
}

/** Nobody will tell of the end of these, or of their logs. */
function runningAttempts(tx: Tx, lease: ReportContext['lease']): Promise<{ id: string }[]> {
  return tx.db
    .selectFrom('step')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .select('step_attempt.id')
    .where('step.workflow_id', '=', lease.subject_id)
    .where('step_attempt.status', '=', 'running')
    .execute();
}

async function hasEnded(tx: Tx, workflowId: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('workflow')
    .select('status')
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  return isEnd(row.status);
}
