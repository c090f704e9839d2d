export type {
  BuildReference,
  Builds,
  KnownWorker,
  NewBuild,
  OpenLease,
  PlanOutcome,
  WorkerAllowance,
} from './builds.ts';
export { createBuilds } from './create-builds.ts';
export type { BuildsDeps, RouterSettings } from './deps.ts';
export { manifestRecord } from './manifests.ts';
export { effectSettled } from './record-effect.ts';
export { endedLeases } from './staging.ts';
export { buildsInUse } from './unused-images.ts';
