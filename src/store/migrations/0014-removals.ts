/**
 * When the removal of an environment was asked for, which of its volumes go with it, and which it has: JSON lists of
 * names. Null, of one from before: those of its newest deployments, until the next one writes them down.
 */
export const removals: readonly string[] = [
  `alter table environment add column removing_at bigint`,
  `alter table environment add column removing_volumes_json text`,
  `alter table environment add column volumes_json text`,
];
