import { z } from 'zod';
import type { LogSearchView } from '../../core/views/log-view.ts';
import type { AppDeps } from '../deps.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { findLog } from './log-param.ts';

const query = z.object({
  text: z.string().min(1).max(200),
  from: z.coerce.number().int().min(0).default(0),
});

/**
 * `GET /api/v1/logs/:log/search?text=&from=` → LogSearchView: the lines from `from` on that show the text, 1,000 at most.
 * An answer that ends before the log says in `next` from where to ask again.
 */
export function searchLog(deps: Pick<AppDeps, 'store' | 'logs'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/logs/:log/search',
    access: 'admin',
    query,
    handle: async (request, response) => {
      const { text, from } = readQueryOf(request, query);
      const { logId, state } = await findLog(deps, request);
      const view: LogSearchView = { ...state, ...(await deps.logs.searchLines(logId, from, text)) };
      response.json(view);
    },
  });
}
