import type { Request } from 'express';
import type { LogChunk } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import { decodeFrames, FRAME_LIMITS } from '../../protocol/frames.ts';
import type { LogsAnswer } from '../../protocol/worker.ts';
import { readBytes } from './read-body.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler, WorkerRouteDeps } from './worker-routes.ts';

/** `POST /leases/:lease/logs`: output, durable once it is answered. */
export const logs: WorkerHandler = async (deps, request) => {
  const lease = await demandLease(deps.builds, request);
  const chunks = await readChunks(request);
  return append(deps, chunks, await deps.builds.logsOf(lease));
};

export async function readChunks(request: Request): Promise<readonly LogChunk[]> {
  return decodeFrames(await readBytes(request, FRAME_LIMITS.bodyBytes));
}

/** @throws Problem `not_allowed` for a log that is not among the writer's own. */
export async function append(
  { logs: store }: Pick<WorkerRouteDeps, 'logs'>,
  chunks: readonly LogChunk[],
  own: ReadonlySet<string>,
): Promise<LogsAnswer> {
  if (chunks.some(({ logId }) => !own.has(logId))) throw new Problem('not_allowed');
  return { durable: Object.fromEntries(await store.append(chunks)) };
}
