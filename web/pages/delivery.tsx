import { useRoute } from 'preact-iso';
import type { DeliveryView } from '../../src/core/view.ts';
import { api, segment } from '../api.ts';
import { formatBytes, formatTime } from '../format.ts';
import { Action } from '../parts/action.tsx';
import { useLoad, Waiting } from '../parts/load.tsx';
import { Outcome } from './deliveries.tsx';

/** One delivery: what came, what became of it and why, and the way to have it worked on again. */
export function DeliveryPage() {
  const id = useRoute().params['delivery'] ?? '';
  const {
    value: delivery,
    error,
    reload,
  } = useLoad(id, () => api<DeliveryView & { readonly body: unknown }>('GET', `/deliveries/${segment(id)}`));
  if (delivery === null) return <Waiting error={error} what="the delivery" />;
  const replay = async (): Promise<void> => {
    await api('POST', `/deliveries/${segment(id)}/replay`);
    reload();
  };
  return (
    <article>
      <h1>
        {delivery.event} {delivery.action ?? ''} <Outcome outcome={delivery.outcome} />
      </h1>
      {delivery.reason !== null && <p class="box">{delivery.reason}</p>}
      <div class="actions">
        <Action run={replay}>Replay</Action>
      </div>
      <dl class="card facts">
        <dt>Delivery</dt>
        <dd>
          <code>{delivery.hostDeliveryId}</code>
        </dd>
        <dt>Repository</dt>
        <dd>{delivery.repository ?? 'none named'}</dd>
        <dt>Received</dt>
        <dd>
          {formatTime(delivery.receivedAtMs)}, {delivery.times === 1 ? 'once' : `${delivery.times} times`},{' '}
          {formatBytes(delivery.bytes)}
        </dd>
        <dt>Builds</dt>
        <dd>
          {delivery.buildIds.length === 0 && 'none'}
          {delivery.buildIds.map((build) => (
            <a key={build} href={`/builds/${build}`}>
              {build}
            </a>
          ))}
        </dd>
      </dl>
      <h2>Body</h2>
      <pre class="card body" tabIndex={0}>
        {typeof delivery.body === 'string' ? delivery.body : JSON.stringify(delivery.body, null, 2)}
      </pre>
    </article>
  );
}
