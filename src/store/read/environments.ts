import type { EnvironmentView } from '../../core/views/environment-view.ts';
import { environmentVolumes } from './environment-volumes.ts';
import { deploymentsOfEnvironment } from './deployment-views.ts';
import { rollbackTarget } from './rollback-target.ts';
import { routerEventsOf } from './router-events.ts';
import type { Reader, ViewContext } from './view-context.ts';

/** Deployments in an environment's history, and events of its router. */
const HISTORY = 50;

/** Environments of one project or of all, by project and name. */
export async function readEnvironments(
  db: Reader,
  projectId: string | null,
  context: ViewContext,
): Promise<readonly EnvironmentView[]> {
  let query = selectEnvironments(db).orderBy('project.path').orderBy('environment.name');
  if (projectId !== null) query = query.where('environment.project_id', '=', projectId);
  const rows = await query.execute();
  return Promise.all(rows.map((row) => toView(db, row, context)));
}

/** An environment with its slots, what is live and its history; null when there is none. */
export async function readEnvironment(
  db: Reader,
  environmentId: string,
  context: ViewContext,
): Promise<EnvironmentView | null> {
  const row = await selectEnvironments(db).where('environment.id', '=', environmentId).executeTakeFirst();
  return row === undefined ? null : toView(db, row, context);
}

type EnvironmentRow = Awaited<ReturnType<ReturnType<typeof selectEnvironments>['execute']>>[number];

function selectEnvironments(db: Reader) {
  return db
    .selectFrom('environment')
    .innerJoin('project', 'project.id', 'environment.project_id')
    .select([
      'environment.id',
      'environment.name',
      'environment.hosts_json',
      'environment.removing_at',
      'environment.removal_waits_for',
      'environment.project_id',
      'project.path',
    ]);
}

async function toView(db: Reader, row: EnvironmentRow, context: ViewContext): Promise<EnvironmentView> {
  const slots = await readSlotViews(db, row.id);
  const live = slots.find(({ role }) => role === 'live');
  return {
    id: row.id,
    projectId: row.project_id,
    projectPath: row.path,
    name: row.name,
    urls: (JSON.parse(row.hosts_json) as string[]).map(context.urlOf),
    removingSinceMs: row.removing_at,
    removalWaitsFor: row.removal_waits_for,
    volumes: await environmentVolumes(db, row.id),
    slots,
    live:
      live?.digest == null || live.commit === null
        ? null
        : {
            digest: live.digest,
            commit: live.commit,
            buildNumber: live.buildNumber,
            sinceMs: live.sinceMs ?? 0,
          },
    rollback: await readRollback(db, row.id),
    history: await deploymentsOfEnvironment(db, row.id, HISTORY, context),
    events: await routerEventsOf(db, row.id, HISTORY),
  };
}

async function readSlotViews(db: Reader, environmentId: string): Promise<EnvironmentView['slots']> {
  const rows = await db
    .selectFrom('slot')
    .leftJoin('release', 'release.id', 'slot.release_id')
    .leftJoin('build', 'build.id', 'release.build_id')
    .select([
      'slot.slot_index',
      'slot.role',
      'slot.deployment_id',
      'slot.started_by',
      'slot.since',
      'slot.standby_until',
      'release.digest',
      'build.commit',
      'build.number',
    ])
    .where('slot.environment_id', '=', environmentId)
    .orderBy('slot.slot_index')
    .execute();
  return rows.map((row) => ({
    index: row.slot_index,
    role: row.role,
    digest: row.digest,
    commit: row.commit,
    buildNumber: row.number,
    deploymentId: row.deployment_id,
    sinceMs: row.since,
    standbyUntilMs: row.standby_until,
    logId: row.started_by === null ? null : `app_${row.started_by}`,
  }));
}

/** The page's view of {@link rollbackTarget}. */
async function readRollback(db: Reader, environmentId: string): Promise<EnvironmentView['rollback']> {
  const target = await rollbackTarget(db, environmentId);
  if (target === null) return null;
  const row = await db
    .selectFrom('release')
    .leftJoin('build', 'build.id', 'release.build_id')
    .select(['release.digest', 'build.number'])
    .where('release.id', '=', target.releaseId)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { deploymentId: target.deploymentId, digest: row.digest, buildNumber: row.number, hot: target.hot };
}
