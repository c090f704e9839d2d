import { z } from 'zod';
import { TIMES } from '../../../config/times.ts';
import { Problem } from '../../core/problem.ts';
import { standsOpen } from '../end-http-server.ts';
import { demandLease } from './show-token.ts';
import type { WorkerHandler } from './worker-routes.ts';

const query = z.object({
  seen: z.coerce.number().int().default(0),
  waitMs: z.coerce.number().int().min(0).max(TIMES.signalsWait).default(0),
});

/** `GET /leases/:lease/signals`: what the holder is told, as soon as it is not what it has seen. */
export const signals: WorkerHandler = async ({ builds }, request, response) => {
  const lease = await demandLease(builds, request);
  const { success, data } = query.safeParse(request.query);
  if (!success) throw new Problem('request_wrong', { field: 'query', cause: 'seen and waitMs are numbers' });
  standsOpen(response);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return builds.signals(lease, data.seen, data.waitMs, gone.signal);
};
