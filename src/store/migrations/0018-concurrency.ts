/** What a workflow is counted with (`concurrency` of its file), and how many of those run at a time; null: no other. */
export const concurrency: readonly string[] = [
  `alter table workflow add column group_key text`,
  `alter table workflow add column group_limit bigint`,
];
