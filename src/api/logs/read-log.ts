import { z } from 'zod';
import type { LogRangeView } from '../../core/views/log-view.ts';
import type { AppDeps } from '../deps.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findLog } from './log-param.ts';

const MOST_LINES = 5_000;
const query = z.object({
  from: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(0).max(MOST_LINES).default(500),
});

/** `GET /api/v1/logs/:log?from=&count=` → LogRangeView: lines from 0, at most 5,000 at once. */
export function readLog(deps: Pick<AppDeps, 'store' | 'logs'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/logs/:log',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const { from, count } = readQueryOf(request, query);
      const { logId, state } = await findLog(deps, request);
      const range = count === 0 ? [] : await deps.logs.readLines(logId, from, count);
      const view: LogRangeView = { ...state, range };
      response.json(view);
    },
  });
}
