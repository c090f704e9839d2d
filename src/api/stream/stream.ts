import { Problem } from '../../core/problem.ts';
import type { AppDeps } from '../deps.ts';
import { principalOf } from '../principal.ts';
import { readQueryOf } from '../read-request.ts';
import { route, type Route } from '../route.ts';
import { openEventStream, STREAM_HEAD } from './event-stream.ts';
import { createOpenStreams } from './open-streams.ts';
import { streamChanges } from './stream-changes.ts';
import { streamLogs } from './stream-logs.ts';
import { parseLastEventId, subscriptionQuery } from './subscription.ts';

type Deps = Pick<AppDeps, 'store' | 'views' | 'logs' | 'log' | 'tokens' | 'clock' | 'settings'>;

/**
 * `GET /api/v1/stream?builds=1&deliveries=1&build=ID&environment=ID&log=ID:fromLine`: server-sent events, one
 * stream for all that a page shows, each a StreamMessage. After a reconnect states are sent anew and logs go on
 * where `Last-Event-ID` says. It ends at once with the token or session that it was opened with.
 */
export function stream(deps: Deps): Route {
  const streams = createOpenStreams(deps);
  return route({
    method: 'get',
    path: '/api/v1/stream',
    access: 'admin',
    query: subscriptionQuery,
    handle: async (request, response) => {
      const query = readQueryOf(request, subscriptionQuery);
      const resumed = parseLastEventId(request.get('last-event-id'));
      const logs = new Map(query.log.map(({ logId, fromLine }) => [logId, resumed.get(logId) ?? fromLine]));
      const principal = principalOf(request);
      if (principal?.kind !== 'admin') throw new Problem('sign_in_needed');
      if (request.method === 'HEAD') return response.writeHead(200, STREAM_HEAD).end();
      const { ended, leave } = await streams.enter(principal);
      if (response.destroyed) return leave();
      response.once('close', leave);
      const events = openEventStream(response, { ended, limits: deps.settings.limits });
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
