/** Steps that run in shares: which step a share is of, and which share has which test files. */
export const splits: readonly string[] = [
  `alter table step add column split_of text`,
  `create table division (
    workflow_id text not null,
    step text not null,
    build_id text not null,
    shares_json text not null,
    primary key (workflow_id, step)
  )`,
  `create index division_build on division (build_id)`,
];
