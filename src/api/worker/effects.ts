import { Problem } from '../../core/problem.ts';
import { effectRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/**
 * `POST /leases/:lease/effects`: something on the outside, recorded under the lease and done by the outbox. A worker
 * does not choose whom the server calls: from where the server stands, addresses answer that a worker cannot reach.
 */
export const effects: WorkerHandler = async ({ builds, mayCall = false }, request) => {
  const lease = await demandLease(builds, request);
  const wanted = await readBody(request, effectRequest);
  if (wanted.effect.kind === 'webhook' && !mayCall) throw new Problem('not_allowed');
  return builds.effect(lease, wanted);
};
