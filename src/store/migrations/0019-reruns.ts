/**
 * Runs again of what failed of a build: which build it was, what stayed green in it, and the images that workers keep
 * for that; the cancelling of single steps; and what the processes of workers know to do.
 */
export const reruns: readonly string[] = [
  `alter table build add column rerun_from text`,
  `create index build_rerun on build (rerun_of)`,
  `alter table workflow add column carried_from text`,
  `alter table workflow add column repeat_json text`,
  `alter table step add column carried_from text`,
  `alter table step add column cancel_requested text`,
  `alter table image add column kept_by text`,
  `alter table image add column kept_until bigint`,
  `alter table worker add column features_json text not null default '[]'`,
];
