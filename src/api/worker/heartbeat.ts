import { Problem } from '../../core/problem.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

/** What keeps the record from taking anything, whoever it comes from. */
const UNRECORDED: ReadonlySet<string> = new Set(['database_away', 'disk_full']);

/** `POST /leases/:lease/heartbeat`: the holder is alive; the lease goes on. */
export const heartbeat: WorkerHandler = async ({ builds }, request) => {
  try {
    return await builds.heartbeat(await demandLease(builds, request));
  } catch (error) {
    if (error instanceof Problem && UNRECORDED.has(error.code)) builds.heartbeatMissed();
    throw error;
  }
};
