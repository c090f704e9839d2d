import type { Plan } from './plan.ts';

/**
 * What a worker's process may know to do beyond what the version of its protocol says, as it tells at its registration.
 * `repeat`: run only a part of a workflow again, in an image that it keeps. `cancel-step`: end one step alone.
 * `take-artifacts`: bring artifacts of other workflows into the workspace.
 */
export const WORKER_FEATURES = ['repeat', 'cancel-step', 'take-artifacts'] as const;
export type WorkerFeature = (typeof WORKER_FEATURES)[number];

/** What a worker must know to run a plan as it is meant. Pure. */
export function neededFeatures({ takes }: Plan): readonly WorkerFeature[] {
  return takes === undefined ? [] : ['take-artifacts'];
}
