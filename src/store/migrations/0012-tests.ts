/**
 * What the test reports of steps' attempts said. `test_key`: the same for the same test of the same step in every build
 * of a project. Both go with their build.
 */
export const tests: readonly string[] = [
  `create table test_report (
    attempt_id text primary key,
    build_id text not null,
    files bigint not null,
    passed bigint not null,
    failed bigint not null,
    errors bigint not null,
    skipped bigint not null,
    note text
  )`,
  `create index test_report_build on test_report (build_id)`,
  `create table test_result (
    attempt_id text not null,
    position bigint not null,
    build_id text not null,
    project_id text not null,
    test_key text not null,
    suite text not null,
    name text not null,
    file text,
    line bigint,
    status text not null,
    duration_ms bigint,
    message text,
    primary key (attempt_id, position)
  )`,
  `create index test_result_build on test_result (build_id, test_key)`,
  `create index test_result_test on test_result (project_id, test_key, build_id)`,
];
