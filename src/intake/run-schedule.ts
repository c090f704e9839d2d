import { TIMES } from '../../config/times.ts';
import type { BuildReference } from '../builds/index.ts';
import type { CronEvent } from '../core/event.ts';
import { Problem } from '../core/problem.ts';
import { nextCronTime } from '../pipeline/cron-time.ts';
import type { Remote } from '../ports/repositories.ts';
import type { Reading, Tx } from '../store/store.ts';
import { readHead, type BranchHead } from './branch-head.ts';
import type { Intake } from './intake.ts';
import type { IntakeDeps } from './intake-deps.ts';
import { afterOf, keepSchedules, setTimes, wantedSchedules, type ScheduleRow } from './keep-schedules.ts';
import { findProject, type ProjectRow } from './project-row.ts';

export interface ScheduleDeps extends Pick<
  IntakeDeps,
  'store' | 'mirrors' | 'readRemote' | 'secrets' | 'clock' | 'log'
> {
  readonly builds: Pick<IntakeDeps['builds'], 'createBuildIn'>;
  readonly intake: Pick<Intake, 'planWaiting'>;
  /** For a default branch to be read; default: `TIMES.scheduleRead`. */
  readonly readMs?: number;
}

/** Before the next attempt of one that was due and made no build. */
const AGAIN_MS = 60_000;
const MOST_AGAIN_MS = 16 * AGAIN_MS;

/** Before a project that could not be read is read again: a minute, doubling to 16. @param failures In a row before. */
const againMs = (failures: number): number => Math.min(AGAIN_MS * 2 ** failures, MOST_AGAIN_MS);

type ScheduledBuild = BuildReference & { readonly schedule: string };

/**
 * Makes the builds that are due of a project, each of the default branch as it is now, and has its schedules as that says.
 * Where it cannot be read they wait, with the reason; nothing is recorded after `stopping`.
 * @param failures How often in a row it could not be read before.
 * @returns Whether it was read.
 */
export async function createBuildOfSchedule(
  deps: ScheduleDeps,
  projectId: string,
  { stopping, failures }: { readonly stopping: AbortSignal; readonly failures: number },
): Promise<boolean> {
  const { store, clock, log } = deps;
  try {
    const project = await findProject(deps, projectId);
    const branch = project.default_branch;
    const head = await readInTime(deps, project, stopping);
    if (stopping.aborted) return false;
    const { arrivedWith } = head;
    const wanted = wantedSchedules(deps, project, head.source);
    const made = await store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      await keepSchedules(tx, { projectId, branch, arrivedWith, wanted, nowMs });
      await readAgain(tx, projectId, nowMs + AGAIN_MS);
      const builds: ScheduledBuild[] = [];
      for (const row of await dueOf(tx, projectId, nowMs))
        builds.push(...(await runDue(deps, tx, row, head)));
      return builds;
    });
    if (made.length > 0) deps.intake.planWaiting();
    for (const build of made)
      log.info({ deliveryId: null, ...build, project: project.path }, 'a schedule made a build');
    return true;
  } catch (error) {
    if (stopping.aborted) return false;
    const isDue = (await dueOf(store, projectId, clock.nowMs())).length > 0;
    log.warn(
      { err: error, projectId, stage: 'intake' },
      isDue ? 'no build was made of a schedule' : 'the schedules of a project could not be read',
    );
    const problem = error instanceof Problem ? error.message : 'Slipway failed inside; see the server’s log';
    await store.transaction(async (tx) => {
      for (const row of await dueOf(tx, projectId, clock.nowMs()))
        await waitWith(deps, tx, row, { problem, forMs: againMs(failures) });
      const isGone = error instanceof Problem && error.code === 'not_found';
      await readAgain(tx, projectId, isGone ? null : clock.nowMs() + againMs(failures));
    });
    return false;
  }
}

/**
 * What is asked of a host that hangs ends with the time, or with `stopping`; a fetch that others may wait for too goes on.
 * @throws Problem `repository_too_slow`, and as {@link readHead}.
 */
async function readInTime(
  deps: ScheduleDeps,
  project: ProjectRow,
  stopping: AbortSignal,
): Promise<BranchHead> {
  const { readMs = TIMES.scheduleRead } = deps;
  const late = new AbortController();
  const signal = AbortSignal.any([stopping, late.signal]);
  const asking = { ...deps, readRemote: (remote: Remote) => deps.readRemote(remote, signal) };
  const reading = readHead(asking, project, project.default_branch);
  reading.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = readMs / 1_000;
      reject(new Problem('repository_too_slow', { url: project.clone_url, seconds }));
      late.abort();
    }, readMs);
  });
  return Promise.race([reading, tooLate]).finally(() => clearTimeout(timer));
}

function dueOf({ db }: Reading, projectId: string, nowMs: number): Promise<readonly ScheduleRow[]> {
  return db
    .selectFrom('schedule')
    .where('project_id', '=', projectId)
    .where('enabled', '=', 1)
    .where('next_at', '<=', nowMs)
    .where('try_at', '<=', nowMs)
    .orderBy('next_at')
    .orderBy('name')
    .selectAll()
    .execute();
}

/** The build that it made, or none. One whose last build still waits makes no further one: they would pile up. */
async function runDue(
  deps: ScheduleDeps,
  tx: Tx,
  row: ScheduleRow,
  head: BranchHead,
): Promise<readonly ScheduledBuild[]> {
  const last = await tx.db
    .selectFrom('build')
    .where('id', '=', row.last_build_id ?? '')
    .where('status', '=', 'pending')
    .select('number')
    .executeTakeFirst();
  if (last !== undefined) {
    const problem = `its build #${last.number} has not begun to run`;
    await waitWith(deps, tx, row, { problem, forMs: AGAIN_MS });
    return [];
  }
  const cron: CronEvent = {
    ...head.base,
    kind: 'cron',
    cron: row.name,
    tickMs: row.next_at,
    actor: { id: 'cron', login: row.name, avatarUrl: null },
  };
  const { buildId, number } = await deps.builds.createBuildIn(tx, {
    ...{ projectId: row.project_id, deliveryId: null, arrivedWith: head.arrivedWith },
    ...{ event: cron, outcome: null, blocked: null },
  });
  const nowMs = deps.clock.nowMs();
  const done_until = Math.max(nowMs, row.next_at);
  const next_at = nextCronTime(row, afterOf({ done_until }, nowMs)) ?? row.next_at;
  await setTimes(tx, row.id, { next_at, done_until, last_build_id: buildId });
  tx.changed('project', row.project_id);
  return [{ buildId, number, schedule: row.name }];
}

async function waitWith(
  { clock }: ScheduleDeps,
  tx: Tx,
  row: ScheduleRow,
  { problem, forMs }: { readonly problem: string; readonly forMs: number },
): Promise<void> {
  const { id, project_id: projectId } = row;
  await tx.db
    .updateTable('schedule')
    .set((eb) => ({ problem, try_at: clock.nowMs() + forMs, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .execute();
  if (problem !== row.problem) tx.changed('project', projectId);
}

/**
 * When a branch of which the schedules are not known yet is read again, if it is one; never where it is not there, as a push
 * brings it.
 */
async function readAgain({ db }: Tx, projectId: string, atMs: number | null): Promise<void> {
  await db
    .updateTable('project')
    .set({ schedules_try_at: atMs })
    .where('id', '=', projectId)
    .where('schedules_try_at', 'is not', null)
    .execute();
}
