import { mustGoOn } from '../../core/deployment.ts';
import type { Labels } from '../../core/labels.ts';
import { isRevoked } from '../../core/revoked-token.ts';
import type { WorkerView, WorkView } from '../../core/views/worker-view.ts';
import type { Reader } from './view-context.ts';

/** All workers by name. `connected`: last sign of life by id, of those that are there now. */
export async function readWorkers(
  db: Reader,
  connected: ReadonlyMap<string, number>,
): Promise<readonly WorkerView[]> {
  const rows = await db.selectFrom('worker').selectAll().orderBy('name').execute();
  const [builds, deployments] = await Promise.all([readBuildsAtWork(db), readDeploymentsAtWork(db)]);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    connected: connected.has(row.id),
    hasToken: !isRevoked(row.token_hash),
    seenAtMs: connected.get(row.id) ?? (row.seen_at === 0 ? null : row.seen_at),
    capacity: row.capacity,
    running: of(builds, row.id).length,
    work: [
      ...of(builds, row.id),
      ...of(deployments, row.id),
      ...(row.draining_since === null ? [] : leftBehind(deployments, row.routers_json)),
    ],
    drainingSinceMs: row.draining_since,
    lowDisk: row.low_disk,
    routers: JSON.parse(row.routers_json) as string[],
    tokenRouters: JSON.parse(row.token_routers_json) as string[],
    labels: JSON.parse(row.labels_json) as Labels,
    tokenLabels: JSON.parse(row.token_labels_json) as Labels,
    program: row.program,
    protocol: row.protocol,
    joinedAtMs: row.joined_at,
  }));
}

interface AtWork {
  readonly workerId: string | null;
  readonly work: WorkView;
}

function of(all: readonly AtWork[], worker: string): readonly WorkView[] {
  return all.filter(({ workerId }) => workerId === worker).map(({ work }) => work);
}

interface DeploymentAtWork extends AtWork {
  readonly router: string;
  readonly mustGoOn: boolean;
}

/** Deployments that had begun to switch when they lost their worker: one with these routers has to end them. */
function leftBehind(all: readonly DeploymentAtWork[], routersJson: string): readonly WorkView[] {
  const routers = JSON.parse(routersJson) as string[];
  return all
    .filter((one) => one.workerId === null && one.mustGoOn && routers.includes(one.router))
    .map(({ work }) => work);
}

async function readBuildsAtWork(db: Reader): Promise<readonly AtWork[]> {
  const rows = await db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .innerJoin('project', 'project.id', 'build.project_id')
    .select(['workflow.worker_id', 'build.id', 'build.number', 'project.path'])
    .where('workflow.status', '=', 'running')
    .orderBy('workflow.id')
    .execute();
  return rows.map(({ worker_id, id, number, path }) => ({
    workerId: worker_id,
    work: { kind: 'build', id, name: `${path}#${number}` },
  }));
}

async function readDeploymentsAtWork(db: Reader): Promise<readonly DeploymentAtWork[]> {
  const rows = await db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select([
      'deployment.worker_id',
      'deployment.status',
      'deployment.phase',
      'environment.id',
      'environment.name',
      'environment.router',
      'project.path',
    ])
    .where('deployment.status', '=', 'running')
    .orderBy('deployment.id')
    .execute();
  return rows.map((row) => ({
    workerId: row.worker_id,
    router: row.router,
    mustGoOn: mustGoOn(row),
    work: { kind: 'deployment', id: row.id, name: `${row.path}:${row.name}` },
  }));
}
