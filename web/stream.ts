import type { StreamMessage } from '../src/core/views/stream-message.ts';
import { api } from './api.ts';

/** What a page wants to hear about. Browsers allow six connections per origin, so a page opens one stream for all of it. */
export interface Subscription {
  /** Every build that is made or changes, and the newest ones at the beginning. */
  readonly builds?: boolean;
  readonly deliveries?: boolean;
  /** These builds, with all that their pages show. */
  readonly build?: readonly string[];
  readonly environment?: readonly string[];
  readonly logs?: readonly { readonly logId: string; readonly from: number }[];
}

/** How long after a refused connection the next one is tried, in ms; twice as long each time, up to the most. */
const AGAIN_MS = 2_000;
const MOST_AGAIN_MS = 30_000;

/**
 * Opens the live stream. After a break it is opened again: by the browser with the last event id, and by us where the
 * browser gives up (any answer but 200), with logs from the last line that came. The server sends the present state
 * first after each connect, of lists the newest entries.
 * Returns the function that closes it.
 */
export function openStream(
  subscription: Subscription,
  onMessage: (message: StreamMessage) => void,
  onConnection: (connected: boolean) => void = () => undefined,
): () => void {
  const reached = new Map((subscription.logs ?? []).map(({ logId, from }) => [logId, from]));
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = AGAIN_MS;
  const connect = (): void => {
    const opened = new EventSource(`/api/v1/stream?${queryOf(subscription, reached).toString()}`);
    source = opened;
    opened.onmessage = (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as StreamMessage;
      const last = message.type === 'log' ? message.lines.at(-1) : undefined;
      if (message.type === 'log' && last !== undefined) reached.set(message.logId, last.number);
      onMessage(message);
    };
    opened.onopen = () => {
      waitMs = AGAIN_MS;
      onConnection(true);
    };
    opened.onerror = () => {
      onConnection(false);
      if (opened.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(connect, waitMs);
      waitMs = Math.min(waitMs * 2, MOST_AGAIN_MS);
      // The browser does not tell the answer: when it was that the session has ended, asking leads to the sign-in.
      void api('GET', '/session').catch(() => undefined);
    };
  };
  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

function queryOf(subscription: Subscription, reached: ReadonlyMap<string, number>): URLSearchParams {
  const query = new URLSearchParams();
  if (subscription.builds === true) query.set('builds', '1');
  if (subscription.deliveries === true) query.set('deliveries', '1');
  for (const id of subscription.build ?? []) query.append('build', id);
  for (const id of subscription.environment ?? []) query.append('environment', id);
  for (const [logId, from] of reached) query.append('log', `${logId}:${from}`);
  return query;
}
