import type { Selectable } from 'kysely';
import { readSchedules, type Schedule } from '../convert/plan-files.ts';
import { newId, timeOrder } from '../core/id.ts';
import { nextCronTime } from '../pipeline/cron-time.ts';
import type { ScheduleTable } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { IntakeDeps } from './intake-deps.ts';
import type { ProjectRow } from './project-row.ts';
import type { Source } from './read-source.ts';

export type ScheduleRow = Selectable<ScheduleTable>;

/** What a commit of the default branch says of a project's schedules. */
export interface SchedulesOfHead {
  readonly projectId: string;
  /** The branch that the commit was read from. */
  readonly branch: string;
  /** The id of what the commit came with, made before it was read. */
  readonly arrivedWith: string;
  /** See {@link wantedSchedules}. */
  readonly wanted: readonly Schedule[] | null;
  /** Something that the files include could not be read; default: no. */
  readonly isUnreachable?: boolean;
  readonly nowMs: number;
}

/**
 * What a commit's files ask for; null where they have errors, which is logged: the schedules stay as they were. Takes up to a
 * second: never inside a transaction.
 */
export function wantedSchedules(
  { log }: Pick<IntakeDeps, 'log'>,
  { id: projectId, path: project }: ProjectRow,
  source: Source,
): readonly Schedule[] | null {
  const wanted = readSchedules(source.pipelineFiles, source);
  if (wanted === null)
    log.warn(
      { projectId, project, stage: 'intake' },
      'the schedules of a project stay as they were: its pipeline files have errors',
    );
  return wanted;
}

/**
 * Makes the record say what the default branch's files say. A schedule that stays as it was keeps its next time; a new one,
 * or one at another time, begins with the next that comes from now on. Nothing is changed by files with errors, by a commit
 * that was overtaken while it was read, and by one of a branch that is no longer the default.
 */
export async function keepSchedules(
  tx: Tx,
  { projectId, branch, arrivedWith, wanted, isUnreachable = false, nowMs }: SchedulesOfHead,
): Promise<void> {
  const isOvertaken = !(await isNewest(tx, { projectId, branch, arrivedWith }));
  // What the branch says is known now, unless by a newer one; files with errors are mended by a push, which is read as well.
  if (isUnreachable || !isOvertaken)
    await tx.db
      .updateTable('project')
      .set({ schedules_try_at: isUnreachable ? nowMs : null })
      .where('id', '=', projectId)
      .where('default_branch', '=', branch)
      .execute();
  if (wanted === null || isOvertaken) return;
  const known = await tx.db.selectFrom('schedule').where('project_id', '=', projectId).selectAll().execute();
  const gone = known.filter(({ name }) => !wanted.some((one) => one.name === name));
  for (const { id } of gone) await tx.db.deleteFrom('schedule').where('id', '=', id).execute();
  for (const { name, expression, timezone } of wanted) {
    const row = known.find((one) => one.name === name);
    if (row?.expression === expression && row.timezone === timezone) continue;
    const next_at = nextCronTime({ expression, timezone }, afterOf(row, nowMs));
    if (next_at === null) continue;
    if (row === undefined)
      await tx.db
        .insertInto('schedule')
        .values({
          ...{ id: newId('sch', nowMs), project_id: projectId, name, expression, timezone, next_at },
          ...{ done_until: null, last_build_id: null, problem: null },
        })
        .execute();
    else await setTimes(tx, row.id, { expression, timezone, next_at });
  }
}

async function isNewest(
  { db }: Tx,
  { projectId, branch, arrivedWith }: Pick<SchedulesOfHead, 'projectId' | 'branch' | 'arrivedWith'>,
): Promise<boolean> {
  const project = await db
    .selectFrom('project')
    .where('id', '=', projectId)
    .where('default_branch', '=', branch)
    .select('id')
    .executeTakeFirst();
  if (project === undefined) return false;
  const newer = await db
    .selectFrom('build')
    .where('project_id', '=', projectId)
    .where('branch', '=', branch)
    .where('event_kind', 'in', ['push', 'manual', 'cron'])
    .where('branch_order', '>', timeOrder(arrivedWith))
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return newer === undefined;
}

/**
 * From when on the next time counts: what was dealt with does not come again when the clock was set back. Only where it stood
 * more than a day ahead, it was wrong, and what it led to does not count.
 */
export function afterOf(row: Pick<ScheduleRow, 'done_until'> | undefined, nowMs: number): number {
  const done = row?.done_until ?? 0;
  return done - nowMs > MOST_AHEAD_MS ? nowMs : Math.max(done, nowMs);
}

const MOST_AHEAD_MS = 24 * 3_600_000;

/** Begins anew from a time, with whatever else changes. */
export async function setTimes(
  tx: Tx,
  id: string,
  change: Partial<
    Pick<ScheduleRow, 'expression' | 'timezone' | 'enabled' | 'done_until' | 'last_build_id'>
  > & {
    readonly next_at: number;
  },
): Promise<void> {
  await tx.db
    .updateTable('schedule')
    .set((eb) => ({ ...change, problem: null, try_at: 0, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .execute();
}
