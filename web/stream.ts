import type { StreamMessage } from '../src/core/view.ts';

/** What a page wants to hear about. Browsers allow six connections per origin, so a page opens one stream for all of it. */
export interface Subscription {
  readonly builds?: boolean;
  readonly deliveries?: boolean;
  readonly build?: string;
  readonly environments?: readonly string[];
  readonly logs?: readonly { readonly logId: string; readonly from: number }[];
}

/**
 * Opens the live stream. The browser reconnects by itself with the last event id; a gap cannot stay, since the
 * server sends the present state first after each connect.
 * Returns the function that closes it.
 */
export function openStream(
  subscription: Subscription,
  onMessage: (message: StreamMessage) => void,
  onConnection: (connected: boolean) => void = () => undefined,
): () => void {
  const source = new EventSource(`/api/v1/stream?${queryOf(subscription).toString()}`);
  source.onmessage = (event: MessageEvent<string>) => onMessage(JSON.parse(event.data) as StreamMessage);
  source.onopen = () => onConnection(true);
  source.onerror = () => onConnection(false);
  return () => source.close();
}

function queryOf(subscription: Subscription): URLSearchParams {
  const query = new URLSearchParams();
  if (subscription.builds === true) query.set('builds', '1');
  if (subscription.deliveries === true) query.set('deliveries', '1');
  if (subscription.build !== undefined) query.set('build', subscription.build);
  for (const id of subscription.environments ?? []) query.append('environment', id);
  for (const log of subscription.logs ?? []) query.append('log', `${log.logId}:${log.from}`);
  return query;
}
