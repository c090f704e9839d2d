/** When the schedules of a project are to be read of its default branch; see `ProjectTable`. */
export const schedulesToRead: readonly string[] = [`alter table project add column schedules_try_at bigint`];
