import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AppDeps } from '../deps.ts';
import { route, type Route } from '../route.ts';
import { findLog } from './log-param.ts';

/** `GET /api/v1/logs/:log/raw`: the log's bytes, as they are shown, streamed. */
export function downloadLog(deps: Pick<AppDeps, 'store' | 'logs'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/logs/:log/raw',
    access: 'admin',
    handle: async (request, response) => {
      const { logId } = await findLog(deps, request);
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      response.setHeader('content-disposition', `attachment; filename="${logId}.log"`);
      try {
        await pipeline(Readable.from(deps.logs.stream(logId)), response);
      } catch (error) {
        if (!response.headersSent) throw error;
        response.destroy(); // cut short, so that nobody takes half a log for a whole one
      }
    },
  });
}
