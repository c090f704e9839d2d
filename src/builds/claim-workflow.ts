import { cacheSpaces } from '../core/cache.ts';
import { isTrusted } from '../core/trust.ts';
import { chunks } from '../core/chunks.ts';
import { newId } from '../core/id.ts';
import { readEvent, refOf } from '../core/event.ts';
import type { Plan } from '../core/plan.ts';
import type { WorkflowRepeat } from '../core/repeat.ts';
import { spanIdOf, traceOf, traceparentOf } from '../core/trace-context.ts';
import { isAfterFailure } from '../core/decide-workflows.ts';
import type { StepWork, WorkflowWork } from '../core/work.ts';
import { workflowRows } from '../core/workflow-rows.ts';
import { countReruns, readPreviousBuild } from '../store/read/build-line.ts';
import { deliveryOfBuild } from '../store/read/delivery-of.ts';
import { takenArtifacts } from '../store/read/taken-artifacts.ts';
import type { Reading, Tx } from '../store/store.ts';
import { refuseClaim } from './claim.ts';
import type { Claimant } from './claim.ts';
import type { BuildsDeps } from './deps.ts';
import { grantLease } from './lease-rows.ts';
import type { LeaseRow } from './lease-rows.ts';
import { recordStaging } from './staging.ts';
import { transition } from './transition.ts';

/** Grants a workflow that was placed on this worker: it begins to run, and its build with the first of them. */
export async function claimWorkflow(deps: BuildsDeps, tx: Tx, claimant: Claimant): Promise<LeaseRow> {
  const { worker, bearer, request } = claimant;
  const { subject } = request;
  const row = await tx.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select([
      'workflow.build_id',
      'workflow.status',
      'workflow.attempt',
      'workflow.worker_id',
      'build.status as build_status',
      'workflow.plan_json',
      'build.cancel_requested',
    ])
    .where('workflow.id', '=', subject.id)
    .executeTakeFirst();
  if (row === undefined) throw refuseClaim(subject, 'it is not known');
  if (row.status !== 'pending') throw refuseClaim(subject, `it is ${row.status}`);
  if (row.build_status !== 'pending' && row.build_status !== 'running')
    throw refuseClaim(subject, `its build is ${row.build_status}`);
  if (row.cancel_requested !== null) throw refuseClaim(subject, 'its build was cancelled');
  if (row.attempt !== subject.attempt) throw refuseClaim(subject, `its attempt is ${row.attempt}`);
  if (row.worker_id !== worker.id) throw refuseClaim(subject, 'it is not placed on this worker');
  const at = deps.clock.nowMs();
  const buildId = row.build_id;
  const change = { buildId, to: 'running', reason: null, at } as const;
  await transition(tx, { ...change, table: 'workflow', id: subject.id, set: { started_at: at } });
  await transition(tx, { ...change, table: 'build', id: buildId });
  await tx.db
    .updateTable('build')
    .set({ started_at: at })
    .where('id', '=', buildId)
    .where('started_at', 'is', null)
    .execute();
  await makeAttempts(tx, subject, JSON.parse(row.plan_json) as Plan, at);
  const lease = await grantLease(tx, {
    subject,
    workerId: worker.id,
    workerInstance: request.instance,
    bearer,
    buildId,
    at,
  });
  await recordStaging(deps, tx, { leaseId: lease.id, workflowId: subject.id, buildId });
  return lease;
}

/**
 * The attempts of each step that will run: all that it may have, so that its worker never waits for one. Those that did
 * not come to pass go with the end of the step.
 */
async function makeAttempts(
  tx: Tx,
  subject: { id: string; attempt: number },
  plan: Plan,
  at: number,
): Promise<void> {
  const steps = await stepsOf(tx, subject.id, subject.attempt);
  const waiting = steps.filter((step) => step.status === 'pending');
  const rows = workflowRows(plan);
  const numbers = (step: (typeof waiting)[number]): readonly number[] =>
    Array.from({ length: rows[step.position]?.attempts ?? 1 }, (_, index) => index + 1);
  const attempts = waiting.flatMap((step) =>
    numbers(step).map((attempt) => ({
      id: newId('att', at),
      step_id: step.id,
      workflow_attempt: subject.attempt,
      attempt,
      status: 'pending' as const,
      reason: null,
      exit_code: null,
      started_at: null,
      finished_at: null,
    })),
  );
  for (const some of chunks(attempts, MOST_ROWS))
    await tx.db.insertInto('step_attempt').values(some).execute();
}

/** Rows of one statement. */
const MOST_ROWS = 100;

function stepsOf(tx: Reading, workflowId: string, attempt: number) {
  return tx.db
    .selectFrom('step')
    .select(['id', 'status', 'position'])
    .where('workflow_id', '=', workflowId)
    .where('workflow_attempt', '=', attempt)
    .orderBy('position')
    .execute();
}

/** What the worker gets; the same for a claim that is repeated. */
export async function workflowWork(deps: BuildsDeps, tx: Tx, workflowId: string): Promise<WorkflowWork> {
  const recorded = await recordedWork(deps, tx, workflowId);
  const takes = await takenArtifacts(tx, workflowId, deps.clock.nowMs());
  return {
    kind: 'workflow',
    workflowId,
    ...recorded,
    steps: await stepWork(tx, workflowId, recorded.attempt, recorded.build.id),
    registry: deps.registry,
    ...(await repeatWork(tx, workflowId)),
    ...(takes === null ? {} : { takes }),
    ...((await beganAfterFailure(tx, workflowId)) ? { isAfterFailure: true } : {}),
  };
}

async function beganAfterFailure({ db }: Reading, workflowId: string): Promise<boolean> {
  const { build_id, depends_on_json } = await db
    .selectFrom('workflow')
    .select(['build_id', 'depends_on_json'])
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const dependsOn = JSON.parse(depends_on_json) as string[];
  if (dependsOn.length === 0) return false;
  const all = db.selectFrom('workflow').select(['name', 'status']).where('build_id', '=', build_id);
  return isAfterFailure({ dependsOn }, await all.execute());
}

/** What of a workflow's work is not of one claim: its plan, and what its steps are told. Nothing in it is secret. */
export async function recordedWork(
  deps: Pick<BuildsDeps, 'variables'>,
  tx: Reading,
  workflowId: string,
): Promise<
  Pick<WorkflowWork, 'attempt' | 'build' | 'clone' | 'plan' | 'variables' | 'caches' | 'isTrusted'>
> {
  const row = await tx.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .leftJoin('build as original', 'original.id', 'build.rerun_of')
    .select([
      'workflow.attempt',
      'workflow.name',
      'build.id as buildId',
      'build.number',
      deliveryOfBuild().as('deliveryId'),
      'build.created_at as createdAtMs',
      'build.started_at as startedAtMs',
      'build.ref_name as refName',
      'build.event_json',
      'workflow.plan_json',
      'original.id as firstId',
      'original.number as rerunOf',
      'project.id as projectId',
      'project.path',
      'project.clone_url',
      'project.host_repository',
      'project.default_branch',
    ])
    .where('workflow.id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const event = readEvent(row.event_json);
  const { number, deliveryId, createdAtMs, startedAtMs, rerunOf, projectId, refName } = row;
  const inLine = { projectId, kind: event.kind, refName, number };
  const reruns = row.firstId === null ? 0 : await countReruns(tx.db, inLine, row.firstId);
  return {
    attempt: row.attempt,
    build: { id: row.buildId, number, projectId, projectPath: row.path, deliveryId },
    clone: { url: row.clone_url, ref: refOf(event), commit: event.commit },
    plan: JSON.parse(row.plan_json) as Plan,
    variables: deps.variables({
      build: { id: row.buildId, number, createdAtMs, startedAtMs, rerunOf, reruns },
      previous: await readPreviousBuild(tx.db, inLine),
      workflow: { name: row.name, attempt: row.attempt },
      project: {
        id: projectId,
        path: row.path,
        cloneUrl: row.clone_url,
        hostRepository: row.host_repository,
        defaultBranch: row.default_branch,
      },
      event,
    }),
    caches: cacheSpaces(projectId, row.default_branch, event),
    isTrusted: isTrusted(event),
  };
}

async function repeatWork(tx: Reading, workflowId: string): Promise<Pick<WorkflowWork, 'repeat'>> {
  const { repeat_json } = await tx.db
    .selectFrom('workflow')
    .select('repeat_json')
    .where('id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const repeat = JSON.parse(repeat_json ?? 'null') as WorkflowRepeat | null;
  if (repeat === null) return {};
  const keptSteps = repeat.kept.filter(({ kind }) => kind === 'step').map(({ name }) => name);
  const image = typeof repeat.image === 'string' ? repeat.image : repeat.image.built;
  return { repeat: { of: repeat.of, keptSteps, image } };
}

async function stepWork(
  tx: Tx,
  workflowId: string,
  attempt: number,
  buildId: string,
): Promise<readonly StepWork[]> {
  const rows = await tx.db
    .selectFrom('step')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .select(['step.id as stepId', 'step_attempt.id as attemptId', 'step.kind', 'step.name'])
    .where('step.workflow_id', '=', workflowId)
    .where('step.workflow_attempt', '=', attempt)
    .orderBy('step.position')
    .orderBy('step_attempt.attempt')
    .execute();
  const spanOf = (attemptId: string) =>
    tx.isTraced
      ? { traceparent: traceparentOf({ traceId: traceOf(buildId).traceId, spanId: spanIdOf(attemptId) }) }
      : {};
  const steps = new Map<string, StepWork & { readonly retries: Retry[] }>();
  for (const { attemptId, ...step } of rows) {
    const own = { attemptId, ...spanOf(attemptId) };
    const first = steps.get(step.stepId);
    if (first === undefined) steps.set(step.stepId, { ...step, ...own, retries: [] });
    else first.retries.push(own);
  }
  return [...steps.values()].map(({ retries, ...step }) =>
    retries.length === 0 ? step : { ...step, retries },
  );
}

type Retry = NonNullable<StepWork['retries']>[number];
