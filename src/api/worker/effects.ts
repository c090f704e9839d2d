import { effectRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/effects`: something on the outside, recorded under the lease and done by the outbox. */
export const effects: WorkerHandler = async ({ builds }, request) => {
  const lease = await demandLease(builds, request);
  return builds.effect(lease, await readBody(request, effectRequest));
};
