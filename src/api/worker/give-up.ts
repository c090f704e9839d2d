import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/give-up`: its holder ends before its work has; the lease is lost at once. */
export const giveUp: WorkerHandler = async ({ builds }, request) => {
  await builds.giveUp(await demandLease(builds, request));
  return {};
};
