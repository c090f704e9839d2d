/** What of the catalogue an end is; see `core/end.ts`. */
export const endCodes: readonly string[] = ['build', 'workflow', 'step', 'step_attempt', 'deployment'].map(
  (table) => `alter table ${table} add column code text`,
);
