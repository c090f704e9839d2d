import { demandProcess } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /workers/leave`: the process ends, and takes nothing any more. */
export const leave: WorkerHandler = async ({ builds }, request) => {
  const { worker } = await demandProcess(builds, request);
  await builds.leave(worker);
  return {};
};
