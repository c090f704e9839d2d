import { reportsRequest } from '../../protocol/report-shapes.ts';
import { readBody } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** `POST /leases/:lease/reports`: what happened, in order; repeats are harmless. */
export const reports: WorkerHandler = async ({ builds }, request) => {
  const lease = await demandLease(builds, request);
  const body = await readBody(request, reportsRequest);
  return builds.report(lease, body.reports);
};
