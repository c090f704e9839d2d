import { imageRequest } from '../../protocol/worker.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/images`: what an image's name stands for in the build; the same to each of its workflows. */
export const images: WorkerHandler = async ({ builds }, request) => {
  const lease = await demandLease(builds, request);
  return builds.nameImage(lease, await readBody(request, imageRequest));
};
