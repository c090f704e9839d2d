/** What retention asks before it removes a build, and whose log a file is: see `src/retention`. */
export const retention: readonly string[] = [
  `create index build_success on build (project_id, number) where status = 'success'`,
  `create index deployment_log on deployment (log_id)`,
];
