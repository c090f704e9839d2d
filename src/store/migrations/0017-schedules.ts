/** When builds of projects are made by the clock; see `ScheduleTable`. */
export const schedules: readonly string[] = [
  `create table schedule (
    id text primary key,
    project_id text not null references project (id),
    name text not null,
    expression text not null,
    timezone text not null,
    enabled bigint not null default 1,
    next_at bigint not null,
    done_until bigint,
    last_build_id text,
    problem text,
    try_at bigint not null default 0,
    version bigint not null default 1,
    unique (project_id, name)
  )`,
  `create index schedule_next on schedule (enabled, next_at)`,
];
