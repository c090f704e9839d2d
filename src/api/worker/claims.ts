import { claimRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandProcess } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /claims`: a worker takes what a job named. */
export const claims: WorkerHandler = async ({ builds }, request) => {
  const { worker, bearer } = await demandProcess(builds, request);
  return builds.claim(worker, bearer, await readBody(request, claimRequest));
};
