/** When the removal of a project began; see `ProjectTable`. */
export const projectRemoval: readonly string[] = [`alter table project add column removing_at bigint`];
