import { readEvent } from '../core/event.ts';
import { timeOf } from '../core/id.ts';
import type { BuiltImage, PushedImage } from '../core/image.ts';
import type { Release } from '../core/deployment.ts';
import { isEnd } from '../core/status.ts';
import type { Reading } from '../store/store.ts';
import type { TracedBuild, TracedDeployment, TracedWorkflow } from './traced.ts';

/** A build as its trace needs it; null where it has not ended, or was removed. */
export async function readTracedBuild(reading: Reading, id: string): Promise<TracedBuild | null> {
  const row = await reading.db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .leftJoin('delivery', 'delivery.id', 'build.delivery_id')
    .leftJoin('image', 'image.build_id', 'build.id')
    .selectAll('build')
    .select(['project.path', 'project.clone_url', 'project.host_repository', 'delivery.received_at'])
    .select(['image.built_json', 'image.pushed_json', 'image.tags_json'])
    .where('build.id', '=', id)
    .executeTakeFirst();
  if (row === undefined || row.finished_at === null || !isEnd(row.status)) return null;
  const found = await readWorkflow(reading, id);
  return {
    id,
    number: row.number,
    project: projectOf(row),
    event: readEvent(row.event_json),
    status: row.status,
    reason: row.reason,
    rerunOf: row.rerun_of,
    // A second build of a delivery has only its place in the order.
    receivedAtMs: row.rerun_of === null ? (row.received_at ?? timeOf(row.branch_order)) : null,
    createdAtMs: row.created_at,
    plannedAtMs: found?.madeAtMs ?? null,
    finishedAtMs: row.finished_at,
    workflow: found?.workflow ?? null,
    image:
      row.built_json === null
        ? null
        : {
            built: JSON.parse(row.built_json) as BuiltImage,
            pushed: JSON.parse(row.pushed_json ?? 'null') as PushedImage | null,
            tags: JSON.parse(row.tags_json ?? '[]') as string[],
          },
  };
}

async function readWorkflow(
  { db }: Reading,
  buildId: string,
): Promise<{ readonly madeAtMs: number; readonly workflow: TracedWorkflow } | null> {
  const row = await db
    .selectFrom('workflow')
    .select(['id', 'name', 'status', 'reason', 'attempt'])
    .where('build_id', '=', buildId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const leases = await db
    .selectFrom('lease')
    .leftJoin('worker', 'worker.id', 'lease.worker_id')
    .selectAll('lease')
    .select('worker.name')
    .where('subject_id', '=', row.id)
    .orderBy('lease.fence')
    .execute();
  const steps = await db
    .selectFrom('step')
    .innerJoin('step_attempt', 'step_attempt.step_id', 'step.id')
    .selectAll('step_attempt')
    .select(['step.kind', 'step.name'])
    .where('step.workflow_id', '=', row.id)
    .orderBy('step.workflow_attempt')
    .orderBy('step.position')
    .orderBy('step_attempt.attempt')
    .execute();
  const { name, status, reason, attempt } = row;
  return {
    // It is made together with its plan.
    madeAtMs: timeOf(row.id),
    workflow: {
      ...{ name, status, reason, attempt },
      leases: leases.map((lease) => ({
        id: lease.id,
        attempt: lease.attempt,
        worker: { id: lease.worker_id, name: lease.name },
        grantedAtMs: lease.granted_at,
        endedAtMs: lease.ended_at,
        endReason: lease.end_reason,
      })),
      steps: steps.flatMap(({ started_at, finished_at, ...step }) =>
        started_at === null || finished_at === null
          ? []
          : [
              {
                attemptId: step.id,
                workflowAttempt: step.workflow_attempt,
                kind: step.kind,
                name: step.name,
                status: step.status,
                reason: step.reason,
                exitCode: step.exit_code,
                startedAtMs: started_at,
                finishedAtMs: finished_at,
              },
            ],
      ),
    },
  };
}

/** As {@link readTracedBuild}, of a deployment; null also where it never began. */
export async function readTracedDeployment(reading: Reading, id: string): Promise<TracedDeployment | null> {
  const row = await reading.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .leftJoin('build', 'build.id', 'deployment.build_id')
    .leftJoin('release', 'release.id', 'deployment.release_id')
    .leftJoin('worker', 'worker.id', 'deployment.worker_id')
    .selectAll('deployment')
    .select(['environment.name as environment', 'build.event_json', 'release.release_json'])
    .select(['project.path', 'project.clone_url', 'project.host_repository', 'worker.name as worker'])
    .where('deployment.id', '=', id)
    .executeTakeFirst();
  if (row === undefined || row.finished_at === null || row.started_at === null) return null;
  const events = await reading.db
    .selectFrom('event')
    .select(['id', 'at as atMs', 'type'])
    .where('subject_kind', '=', 'deployment')
    .where('subject_id', '=', id)
    .orderBy('at')
    .orderBy('id')
    .execute();
  return {
    id,
    environment: { id: row.environment_id, name: row.environment },
    project: projectOf(row),
    cause: row.cause,
    status: row.status,
    reason: row.reason,
    logId: row.log_id,
    build:
      row.build_id === null || row.event_json === null
        ? null
        : { id: row.build_id, event: readEvent(row.event_json) },
    imageReference:
      row.release_json === null ? null : (JSON.parse(row.release_json) as Release).imageReference,
    worker: row.worker_id === null ? null : { id: row.worker_id, name: row.worker },
    createdAtMs: row.created_at,
    finishedAtMs: row.finished_at,
    events,
  };
}

function projectOf(row: {
  path: string;
  clone_url: string;
  host_repository: string;
}): TracedBuild['project'] {
  return { path: row.path, cloneUrl: row.clone_url, hostRepository: row.host_repository };
}
