import { Problem } from '../core/problem.ts';
import { createRounds } from '../core/rounds.ts';
import { nextCronTime } from '../pipeline/cron-time.ts';
import type { Mirrors } from '../ports/repositories.ts';
import { noNote, type Note } from '../store/store.ts';
import type { WaitingRepository } from './choose-repositories.ts';
import { gitHostOf } from './clone-url.ts';
import { createHostPlaces } from './host-places.ts';
import { createBuildOfSchedule, type ScheduleDeps } from './run-schedule.ts';
import { afterOf, setTimes } from './keep-schedules.ts';

/** Makes builds by the clock, as the default branches of projects say. */
export interface Schedules {
  start(): void;
  /** Looks now at what is due; for tests, and when a schedule has changed. */
  wake(): void;
  /** Resolves when no look is under way or due. */
  idle(): Promise<void>;
  stop(): Promise<void>;
  /** Stops a schedule, or has it go on with the next time that comes. @throws Problem `not_found`. */
  enable(projectId: string, name: string, isEnabled: boolean, note?: Note): Promise<void>;
}

/** The clock may be set at any time: so often it is looked at. */
const LOOK_MS = 5_000;

/**
 * Schedules fed from the record; each Git host has places of its own, as in the intake. The time that a build is made for, and the next one, are written in the transaction that
 * makes the build: however often the server is killed, one build comes of one time. Times that passed while no server ran
 * lead to one build together.
 */
export function createSchedules(deps: ScheduleDeps): Schedules {
  const { store, clock, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  const stopping = new AbortController();
  let lastLookMs = Infinity;

  let stopListening = (): void => undefined;
  /** Since the timer's last look: what cannot even be recorded is not tried without a pause. */
  const tried = new Set<string>();
  /** How often in a row each could not be read. */
  const failures = new Map<string, number>();
  const makeBuilds = async ({ repository: projectId }: DueProject, mirrors: Mirrors): Promise<void> => {
    try {
      const before = failures.get(projectId) ?? 0;
      const isRead = await createBuildOfSchedule({ ...deps, mirrors }, projectId, {
        stopping: stopping.signal,
        failures: before,
      });
      if (isRead) failures.delete(projectId);
      else failures.set(projectId, before + 1);
    } catch (error) {
      log.error({ err: error, projectId, stage: 'intake' }, 'a schedule was left for the next look');
    }
  };

  const places = createHostPlaces(deps.mirrors, makeBuilds, () => looks.wake());
  const looks = createRounds(async () => {
    if (stopping.signal.aborted) return;
    try {
      const nowMs = clock.nowMs();
      // Also at the first look: the clock may have been set back while no server ran.
      if (nowMs < lastLookMs) await correctTimes(deps, nowMs);
      lastLookMs = nowMs;
      const waiting = (await dueProjects(deps, nowMs)).filter(({ repository }) => !tried.has(repository));
      if (stopping.signal.aborted) return;
      for (const { repository } of places.begin(waiting)) tried.add(repository);
    } catch (error) {
      log.error({ err: error, stage: 'intake' }, 'the schedules could not be looked at');
    }
  });

  const wake = (): void => {
    tried.clear();
    looks.wake();
  };
  const idle = async (): Promise<void> => {
    do await Promise.all([looks.idle(), places.settled()]);
    while (!looks.isIdle() || !places.isIdle());
  };

  return {
    start: () => {
      timer = setInterval(wake, LOOK_MS);
      // A new project, or one with another default branch.
      stopListening = store.onChange(({ kind }) => {
        if (kind === 'project') looks.wake();
      });
      wake();
    },
    wake,
    idle,
    stop: async () => {
      stopping.abort();
      stopListening();
      clearInterval(timer);
      await idle();
    },
    enable: (projectId, name, isEnabled, note = noNote) =>
      store.transaction(async (tx) => {
        const row = await tx.db
          .selectFrom('schedule')
          .where('project_id', '=', projectId)
          .where('name', '=', name)
          .selectAll()
          .executeTakeFirst();
        if (row === undefined) throw new Problem('not_found', { what: 'schedule', id: name });
        if (row.enabled === (isEnabled ? 1 : 0)) return;
        const next_at = nextCronTime(row, afterOf(row, clock.nowMs())) ?? row.next_at;
        await setTimes(tx, row.id, { enabled: isEnabled ? 1 : 0, next_at });
        tx.changed('project', projectId);
        await note(tx);
      }),
  };
}

interface DueProject extends WaitingRepository {
  /** Its id. */
  readonly repository: string;
}

/** Projects of which a time has come, and then those whose default branch is to be read. */
async function dueProjects({ store }: ScheduleDeps, nowMs: number): Promise<readonly DueProject[]> {
  const due = await store.db
    .selectFrom('schedule')
    .innerJoin('project', 'project.id', 'schedule.project_id')
    .where('enabled', '=', 1)
    .where('next_at', '<=', nowMs)
    .where('try_at', '<=', nowMs)
    .where('project.removing_at', 'is', null)
    .orderBy('try_at')
    .orderBy('next_at')
    .select(['project.id', 'clone_url'])
    .execute();
  const unread = await store.db
    .selectFrom('project')
    .where('schedules_try_at', '<=', nowMs)
    .where('removing_at', 'is', null)
    .orderBy('schedules_try_at')
    .select(['id', 'clone_url'])
    .execute();
  const rows = Map.groupBy([...due, ...unread], ({ id }) => id);
  return [...rows.values()].flatMap(([row]) =>
    row === undefined ? [] : [{ repository: row.id, gitHost: gitHostOf(row.clone_url) }],
  );
}

/** After the clock was set back no schedule stands still until it has caught up. */
async function correctTimes({ store }: ScheduleDeps, nowMs: number): Promise<void> {
  const rows = await store.db.selectFrom('schedule').where('next_at', '>', nowMs).selectAll().execute();
  const early = rows.flatMap((row) => {
    const next_at = nextCronTime(row, afterOf(row, nowMs));
    return next_at !== null && next_at < row.next_at ? [{ id: row.id, next_at }] : [];
  });
  if (early.length === 0) return;
  await store.transaction(async (tx) => {
    for (const { id, next_at } of early) await setTimes(tx, id, { next_at });
  });
}
