/**
 * What a worker's process may know to do beyond what the version of its protocol says, as it tells at its registration.
 * `repeat`: run only a part of a workflow again, in an image that it keeps. `cancel-step`: end one step alone.
 */
export const WORKER_FEATURES = ['repeat', 'cancel-step'] as const;
export type WorkerFeature = (typeof WORKER_FEATURES)[number];
