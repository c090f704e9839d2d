/** Why a worker's disk has no room for more builds; see `WorkerTable`. */
export const workerLowDisk: readonly string[] = [`alter table worker add column low_disk text`];
