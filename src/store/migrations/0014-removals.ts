/** When the removal of an environment was asked for, and which of its volumes go with it: a JSON list of names. */
export const removals: readonly string[] = [
  `alter table environment add column removing_at bigint`,
  `alter table environment add column removing_volumes_json text`,
];
