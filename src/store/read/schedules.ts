import type { ScheduleView } from '../../core/views/project-view.ts';
import type { Reader } from './view-context.ts';

/** What the record has of a schedule; the times that come are the caller's to work out. */
export type KeptSchedule = Omit<ScheduleView, 'nextMs'> & { readonly nextAtMs: number };

/** The schedules of a project, by name. */
export async function readProjectSchedules(db: Reader, projectId: string): Promise<readonly KeptSchedule[]> {
  const rows = await db
    .selectFrom('schedule')
    .leftJoin('build', 'build.id', 'schedule.last_build_id')
    .where('schedule.project_id', '=', projectId)
    .orderBy('schedule.name')
    .select([
      'schedule.name',
      'schedule.expression',
      'schedule.timezone',
      'schedule.enabled',
      'schedule.next_at',
      'schedule.problem',
      'build.id as buildId',
      'build.number',
      'build.status',
    ])
    .execute();
  return rows.map(({ name, expression, timezone, enabled, next_at, problem, buildId, number, status }) => ({
    ...{ name, expression, timezone, problem },
    enabled: enabled === 1,
    nextAtMs: next_at,
    lastBuild:
      buildId === null || number === null || status === null ? null : { id: buildId, number, status },
  }));
}
