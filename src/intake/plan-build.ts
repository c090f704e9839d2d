import { LIMITS } from '../../config/times.ts';
import type { PlanOutcome } from '../builds/index.ts';
import { badEnd } from '../core/end.ts';
import type { RepositoryEvent } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import { isDatabaseAway } from '../store/is-database-away.ts';
import { readPreviousBuild } from '../store/read/build-line.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { planSource } from './plan-source.ts';
import type { PlannedBuild } from './plan-source.ts';
import type { ProjectRow } from './project-row.ts';
import { readSource, type Source } from './read-source.ts';

/** A build that is recorded and has neither a plan nor problems. */
export interface Unplanned {
  readonly buildId: string;
  /** The delivery that made it; null: a person did. */
  readonly deliveryId: string | null;
  readonly project: ProjectRow;
  readonly event: RepositoryEvent;
  /** What was read of its commit; null: it is read now. */
  readonly source: Source | null;
}

/** The server's own life. */
export interface ThisLife {
  /** What fails once this is aborted says nothing of the build, which is left for the next start. */
  readonly stopping: AbortSignal;
  /** Ids of the builds whose plan it has begun and not recorded: it has survived that, however often it tries again. */
  readonly begun: Set<string>;
}

/**
 * Gives a build its plan, its problems or its end. A repository that cannot be read ends it as an error of ours, and so does
 * a plan that took the server down as often as it may be begun.
 * @throws Whatever kept the record from taking that; the same may be tried again.
 */
export async function planBuild(
  deps: IntakeDeps,
  unplanned: Unplanned,
  { stopping, begun }: ThisLife,
): Promise<void> {
  if (stopping.aborted) return;
  const { buildId, source } = unplanned;
  const isFatal = source === null && !begun.has(buildId) && !(await countAttempt(deps, buildId));
  begun.add(buildId);
  const outcome = isFatal ? TOO_OFTEN : await outcomeOf(deps, unplanned, stopping);
  if (outcome !== null) await deps.builds.planBuild(buildId, outcome);
  else if (source === null) await takeBackAttempt(deps, buildId);
  begun.delete(buildId);
}

const { code, message, fix } = new Problem('plan_kills_server', { times: LIMITS.planAttempts });
const TOO_OFTEN: PlanOutcome = { kind: 'ended', status: 'error', reason: `${message} ${fix}`, code };

/** Counts before it is begun, whether it may be. Of a build that has just been made its maker has counted the first. */
function countAttempt({ store }: IntakeDeps, buildId: string): Promise<boolean> {
  return store.transaction(async ({ db }) => {
    const counted = await db
      .updateTable('build')
      .set((eb) => ({ plan_attempts: eb('plan_attempts', '+', 1) }))
      .where('id', '=', buildId)
      .where('plan_attempts', '<', LIMITS.planAttempts)
      .executeTakeFirst();
    return counted.numUpdatedRows > 0n;
  });
}

/** The server did not end of it. */
async function takeBackAttempt({ store }: IntakeDeps, buildId: string): Promise<void> {
  await store.transaction(({ db }) =>
    db
      .updateTable('build')
      .set((eb) => ({ plan_attempts: eb('plan_attempts', '-', 1) }))
      .where('id', '=', buildId)
      .where('plan_attempts', '>', 0)
      .execute(),
  );
}

/** Null where the end of the server kept it from being found out. */
async function outcomeOf(
  deps: IntakeDeps,
  unplanned: Unplanned,
  stopping: AbortSignal,
): Promise<PlanOutcome | null> {
  const { project, event } = unplanned;
  try {
    const build = await readBuild(deps, unplanned);
    const source = unplanned.source ?? (await readSource(deps, project, event));
    return planSource(deps.settings, project, event, source, build);
  } catch (error) {
    if (stopping.aborted) return null;
    if (isDatabaseAway(error)) throw error;
    const { deliveryId, buildId } = unplanned;
    deps.log.warn({ err: error, deliveryId, buildId, stage: 'intake' }, 'the build got no plan');
    return error instanceof Problem
      ? { kind: 'ended', status: 'error', reason: error.message, code: error.code }
      : { kind: 'ended', ...badEnd('plan_failed') };
  }
}

async function readBuild(
  { store }: IntakeDeps,
  { buildId, project, event }: Unplanned,
): Promise<PlannedBuild> {
  const { refName, ...build } = await store.db
    .selectFrom('build')
    .leftJoin('build as first', 'first.id', 'build.rerun_of')
    .where('build.id', '=', buildId)
    .select([
      'build.id',
      'build.number',
      'build.ref_name as refName',
      'build.created_at as createdAtMs',
      'first.number as rerunOf',
    ])
    .executeTakeFirstOrThrow();
  const inLine = { projectId: project.id, kind: event.kind, refName, number: build.number };
  return {
    // How often it was run again is told to steps only, when it runs.
    build: { ...build, startedAtMs: null, reruns: 0 },
    previous: await readPreviousBuild(store.db, inLine),
  };
}
