import { useEffect } from 'preact/hooks';
import type { DeliveryView, Page } from '../../src/core/view.ts';
import { api } from '../api.ts';
import { formatBytes } from '../format.ts';
import { Empty, useLoad, Waiting } from '../parts/load.tsx';
import { Ago } from '../parts/time.tsx';
import { openStream } from '../stream.ts';

/** Every delivery with what became of it: no webhook vanishes. */
export function DeliveriesPage() {
  const { value, error, set } = useLoad('deliveries', () => api<Page<DeliveryView>>('GET', '/deliveries'));
  useEffect(() => {
    document.title = 'Deliveries · Slipway';
    return openStream({ deliveries: true }, (message) => {
      if (message.type !== 'delivery') return;
      const others = (shown: Page<DeliveryView>): readonly DeliveryView[] =>
        shown.items.filter((item) => item.id !== message.delivery.id);
      set((shown) =>
        shown === null
          ? shown
          : {
              ...shown,
              items: [message.delivery, ...others(shown)].sort((a, b) => b.receivedAtMs - a.receivedAtMs),
            },
      );
    });
  }, []);
  if (value === null) return <Waiting error={error} what="deliveries" />;
  return (
    <>
      <h1>Deliveries</h1>
      {value.items.length === 0 ? (
        <Empty title="Nothing has come in yet">
          <p>
            Set the webhook of your repository to <code>{location.origin}/webhooks/github</code>, content type
            application/json.
          </p>
        </Empty>
      ) : (
        <ul class="rows">
          {value.items.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
    </>
  );
}

function DeliveryRow({ delivery }: { delivery: DeliveryView }) {
  return (
    <li class="row">
      <Outcome outcome={delivery.outcome} />
      <a class="row-main" href={`/deliveries/${delivery.id}`}>
        <span class="row-title">
          {delivery.event}
          {delivery.action !== null && ` ${delivery.action}`}{' '}
          <span class="project">{delivery.repository ?? ''}</span>
        </span>
        {delivery.reason !== null && <span class="row-note">{delivery.reason}</span>}
      </a>
      <span class="row-side">
        <code>{delivery.hostDeliveryId}</code>
      </span>
      <span class="row-time">
        <Ago atMs={delivery.receivedAtMs} />
        <span class="took">{formatBytes(delivery.bytes)}</span>
      </span>
    </li>
  );
}

const OUTCOME_STATUS: Readonly<Record<DeliveryView['outcome'], string>> = {
  received: 'running',
  built: 'success',
  ignored: 'skipped',
  blocked: 'blocked',
  failed: 'error',
};

export function Outcome({ outcome }: { outcome: DeliveryView['outcome'] }) {
  return <span class={`status status-${OUTCOME_STATUS[outcome]}`}>{outcome}</span>;
}
