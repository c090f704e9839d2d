import { registerRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandWorker } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /workers`: a worker's process says that it is there, and what it can do. */
export const workers: WorkerHandler = async ({ builds }, request) => {
  const { worker } = await demandWorker(builds, request);
  return builds.register(worker, await readBody(request, registerRequest));
};
