import { registerRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandWorker } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /workers`: a worker's process says that it is there, and what it can do; it is let at its own queues. */
export const workers: WorkerHandler = async ({ builds, queueAccess }, request) => {
  const { worker, bearer } = await demandWorker(builds, request);
  const wanted = await readBody(request, registerRequest);
  const answer = await builds.register(worker, wanted);
  const queues = [answer.queue, ...wanted.routers.map((router) => `deploy-${router}`)];
  const queueLogin = await queueAccess.admit({ workerId: worker.id, bearer, queues });
  return { ...answer, queueLogin };
};
