import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `GET /leases/:lease/secrets`: values that the lease's work mentions, while it holds. */
export const secrets: WorkerHandler = async ({ builds }, request) =>
  builds.leaseSecrets(await demandLease(builds, request));
