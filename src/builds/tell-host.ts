import { checkNameOf } from '../core/commit-check.ts';
import { kindsOfContext, statusOfBuild, statusOfDeployment } from '../core/commit-status.ts';
import type { CommitStatus } from '../core/commit-status.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { idAfter } from '../core/id.ts';
import { isEnd } from '../core/status.ts';
import type { Status } from '../core/status.ts';
import type { Tx } from '../store/store.ts';
import { insertEffect } from './insert-effect.ts';

/** Payload of an effect of kind `commit-status`. What opens the Git host is read when it is done, never kept here. */
export interface CommitStatusEffect extends CommitStatus {
  readonly projectId: string;
  readonly commit: string;
  /** Path of the page that tells more. */
  readonly path: string;
}

/** Payload of an effect of kind `commit-check`. The tests themselves are read when it is done. */
export interface CommitCheckEffect {
  readonly projectId: string;
  readonly buildId: string;
  /** Name of the check. */
  readonly context: string;
}

/**
 * Records that the Git host is to be told how a build stands, in the transaction that changes it. Nothing for a
 * project without a connection, nor for a build that a newer one of the same commit and context has replaced.
 */
export async function tellBuild(tx: Tx, buildId: string, at: number): Promise<void> {
  const build = await tx.db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .selectAll('build')
    .where('build.id', '=', buildId)
    .where((eb) => eb.or([eb('project.host_token', 'is not', null), eb('installation_id', 'is not', null)]))
    .executeTakeFirst();
  if (build === undefined) return;
  if (await hasNewer(tx, build)) return;
  const status = statusOfBuild({
    status: build.status,
    reason: build.reason,
    event: build.event_kind,
    startedAtMs: build.started_at,
    finishedAtMs: build.finished_at,
  });
  const { project_id: projectId, commit } = build;
  await record(tx, buildId, { ...status, projectId, commit, path: `/builds/${buildId}` }, at);
}

/**
 * Records that the Git host is to be shown a build's tests, in the transaction that ends it: as {@link tellBuild}, and
 * only where a report came, be it of what was taken over from an earlier build. What is shown is read when it is.
 */
export async function tellTests(tx: Tx, buildId: string, status: Status, at: number): Promise<void> {
  if (!isEnd(status)) return;
  const build = await tx.db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select(['build.id', 'build.project_id', 'build.commit', 'build.event_kind'])
    .where('build.id', '=', buildId)
    .where((eb) => eb.or([eb('project.host_token', 'is not', null), eb('installation_id', 'is not', null)]))
    .executeTakeFirst();
  if (build === undefined || !(await hasReport(tx, buildId)) || (await hasNewer(tx, build))) return;
  const context = checkNameOf(build.event_kind);
  const effect: CommitCheckEffect = { projectId: build.project_id, buildId, context };
  await insertEffect(tx, {
    key: `check:${buildId}`,
    kind: 'commit-check',
    subjectId: buildId,
    target: `${build.project_id} ${build.commit} ${context}`,
    payload: effect,
    at,
  });
}

async function hasReport({ db }: Tx, buildId: string): Promise<boolean> {
  const report = await db
    .selectFrom('workflow')
    .innerJoin('step', 'step.workflow_id', 'workflow.id')
    .innerJoin('step_attempt', (join) =>
      join.on((eb) =>
        eb('step_attempt.step_id', '=', eb.fn.coalesce(eb.ref('step.carried_from'), eb.ref('step.id'))),
      ),
    )
    .innerJoin('test_report', 'test_report.attempt_id', 'step_attempt.id')
    .select('test_report.attempt_id')
    .where('workflow.build_id', '=', buildId)
    .limit(1)
    .executeTakeFirst();
  return report !== undefined;
}

/** Whether a newer build of the same commit has replaced it where the Git host shows one. */
async function hasNewer(
  { db }: Tx,
  build: { id: string; project_id: string; commit: string; event_kind: RepositoryEvent['kind'] },
): Promise<boolean> {
  const newer = await db
    .selectFrom('build')
    .select('id')
    .where('project_id', '=', build.project_id)
    .where('commit', '=', build.commit)
    .where('event_kind', 'in', kindsOfContext(build.event_kind))
    .where('id', '>', build.id)
    .executeTakeFirst();
  return newer !== undefined;
}

/** As {@link tellBuild}, of a deployment, beside the commit that it deploys. */
export async function tellDeployment(tx: Tx, deploymentId: string, at: number): Promise<void> {
  const deployment = await tx.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .innerJoin('build', 'build.id', 'deployment.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .selectAll('deployment')
    .select(['environment.name as environment', 'build.commit', 'build.project_id'])
    .where('deployment.id', '=', deploymentId)
    .where((eb) => eb.or([eb('project.host_token', 'is not', null), eb('installation_id', 'is not', null)]))
    .executeTakeFirst();
  if (deployment === undefined) return;
  const { environment_id, environment, commit, project_id: projectId } = deployment;
  const status = statusOfDeployment({
    status: deployment.status,
    reason: deployment.reason,
    environment,
    cause: deployment.cause,
    startedAtMs: deployment.started_at,
  });
  const newer = await tx.db
    .selectFrom('deployment')
    .innerJoin('build', 'build.id', 'deployment.build_id')
    .select('deployment.id')
    .where('deployment.environment_id', '=', environment_id)
    .where('deployment.id', '>', deploymentId)
    .where('deployment.started_at', 'is not', null)
    .where('build.commit', '=', commit)
    .executeTakeFirst();
  if (status === null || newer !== undefined) return;
  const path = `/builds/${deployment.build_id ?? ''}?log=${deployment.log_id}`;
  await record(tx, deploymentId, { ...status, projectId, commit, path }, at);
}

/** Statuses of one commit and context have one target, and ids in the order in which they were recorded. */
async function record(tx: Tx, subjectId: string, effect: CommitStatusEffect, at: number): Promise<void> {
  const target = `${effect.projectId} ${effect.commit} ${effect.context}`;
  const last = await tx.db
    .selectFrom('outbox')
    .select('id')
    .where('target', '=', target)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  const id = idAfter('fx', last?.id ?? null, at);
  await tx.db
    .insertInto('outbox')
    .values({
      id,
      key: id,
      subject_id: subjectId,
      kind: 'commit-status',
      target,
      payload_json: JSON.stringify(effect),
      state: 'pending',
      // At once; `at` may be a worker's time.
      next_at: 0,
      result: null,
      lease_id: null,
      created_at: at,
      finished_at: null,
    })
    .execute();
  tx.changed('outbox', id);
}
