import { testsRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/tests`: a part of what a step's test reports said; repeats are harmless. */
export const tests: WorkerHandler = async ({ builds }, request) => {
  const lease = await demandLease(builds, request);
  await builds.keepTests(lease, await readBody(request, testsRequest));
  return {};
};
