import type { AppDeps } from '../deps.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { openEventStream } from './event-stream.ts';
import { streamChanges } from './stream-changes.ts';
import { streamLogs } from './stream-logs.ts';
import { parseLastEventId, subscriptionQuery } from './subscription.ts';

/**
 * `GET /api/v1/stream?builds=1&deliveries=1&build=ID&environment=ID&log=ID:fromLine`: server-sent events, one
 * stream for all that a page shows, each a StreamMessage. After a reconnect states are sent anew and logs go on
 * where `Last-Event-ID` says.
 */
export function stream(deps: Pick<AppDeps, 'store' | 'views' | 'logs' | 'log'>): Route {
  return route({
    method: 'get',
    path: '/api/v1/stream',
    access: 'admin',
    handle: async (request, response) => {
      const query = readQueryOf(request, subscriptionQuery);
      const resumed = parseLastEventId(request.get('last-event-id'));
      const logs = new Map(query.log.map(({ logId, fromLine }) => [logId, resumed.get(logId) ?? fromLine]));
      const events = openEventStream(response);
      await Promise.all([
        streamChanges(
          deps,
          {
            builds: query.builds === '1',
            deliveries: query.deliveries === '1',
            build: query.build,
            environment: query.environment,
          },
          events,
        ),
        streamLogs(deps, logs, events),
      ]);
    },
  });
}
