/** Artifacts of steps' attempts; their files are in the data folder. `whole`: all of it has come, and it was what was told. */
export const artifacts: readonly string[] = [
  `create table artifact (
    id text primary key,
    build_id text not null,
    attempt_id text not null,
    name text not null,
    files bigint not null,
    bytes bigint not null,
    digest text not null,
    whole bigint not null,
    created_at bigint not null,
    expires_at bigint,
    unique (attempt_id, name)
  )`,
  `create index artifact_build on artifact (build_id)`,
  `create index artifact_expires on artifact (expires_at)`,
];
