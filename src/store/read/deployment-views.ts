import { codeAndFix } from '../../core/end.ts';
import { isEnd } from '../../core/status.ts';
import type { DeploymentSummary, DeploymentView } from '../../core/views/deployment-view.ts';
import type { Reader, ViewContext } from './view-context.ts';

/** Deployments of one build, in the order of its file. */
export async function deploymentsOfBuild(
  db: Reader,
  buildId: string,
  context: ViewContext,
): Promise<readonly DeploymentView[]> {
  const rows = await selectDeployments(db)
    .where('deployment.build_id', '=', buildId)
    .orderBy('deployment.created_at')
    .orderBy('environment.name')
    .execute();
  return rows.map((row) => toDeploymentView(row, context));
}

/** How the deployments of several builds stand, by build and in the order in which they were made. */
export async function deploymentsOfBuilds(
  db: Reader,
  buildIds: readonly string[],
): Promise<ReadonlyMap<string, readonly DeploymentSummary[]>> {
  if (buildIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .select([
      'deployment.id',
      'deployment.build_id',
      'environment.name',
      'deployment.status',
      'deployment.reason',
    ])
    .where('deployment.build_id', 'in', buildIds)
    .orderBy('deployment.created_at')
    .orderBy('environment.name')
    .execute();
  const ofBuild = Map.groupBy(rows, (row) => row.build_id ?? '');
  const summaryOf = ({ id, name, status, reason }: (typeof rows)[number]): DeploymentSummary => ({
    id,
    environment: name,
    status,
    reason,
  });
  return new Map([...ofBuild].map(([buildId, found]) => [buildId, found.map(summaryOf)]));
}

/** The newest deployments of an environment, newest first. */
export async function deploymentsOfEnvironment(
  db: Reader,
  environmentId: string,
  limit: number,
  context: ViewContext,
): Promise<readonly DeploymentView[]> {
  const rows = await selectDeployments(db)
    .where('deployment.environment_id', '=', environmentId)
    .orderBy('deployment.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => toDeploymentView(row, context));
}

type DeploymentViewRow = Awaited<ReturnType<ReturnType<typeof selectDeployments>['execute']>>[number];

function selectDeployments(db: Reader) {
  return db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .leftJoin('build', 'build.id', 'deployment.build_id')
    .leftJoin('release', 'release.id', 'deployment.release_id')
    .select([
      'deployment.id',
      'deployment.environment_id',
      'environment.name',
      'deployment.status',
      'deployment.phase',
      'deployment.reason',
      'deployment.code',
      'deployment.cause',
      'deployment.build_id',
      'build.number',
      'build.commit',
      'release.digest',
      'deployment.created_at',
      'deployment.started_at',
      'deployment.switched_at',
      'deployment.finished_at',
      'deployment.log_id',
    ]);
}

function toDeploymentView(row: DeploymentViewRow, { waitingFor }: ViewContext): DeploymentView {
  return {
    id: row.id,
    environmentId: row.environment_id,
    environment: row.name,
    status: row.status,
    phase: row.phase,
    reason: row.reason,
    ...codeAndFix(row),
    waitingFor: isEnd(row.status) ? null : waitingFor(row.id),
    cause: row.cause,
    buildId: row.build_id,
    buildNumber: row.number,
    digest: row.digest,
    commit: row.commit,
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    switchedAtMs: row.switched_at,
    finishedAtMs: row.finished_at,
    logId: row.log_id,
  };
}
