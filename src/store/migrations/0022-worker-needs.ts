/** What the worker of a workflow must know to do, of `WORKER_FEATURES`, as JSON. */
export const workerNeeds: readonly string[] = [
  `alter table workflow add column needs_json text not null default '[]'`,
];
