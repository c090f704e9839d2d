import { splitRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/splits`: which share of a step has which of its test files; the same to each who asks. */
export const splits: WorkerHandler = async ({ builds }, request) => {
  const lease = await demandLease(builds, request);
  return builds.divideFiles(lease, await readBody(request, splitRequest));
};
