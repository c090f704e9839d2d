import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/heartbeat`: the holder is alive; the lease goes on. */
export const heartbeat: WorkerHandler = async ({ builds }, request) =>
  builds.heartbeat(await demandLease(builds, request));
