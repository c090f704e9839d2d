import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import { formatBytes } from '../format.ts';
import { useStream } from '../parts/live.ts';
import { Empty, Waiting } from '../parts/load.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { Older, usePages } from '../parts/pages.tsx';
import { Commit } from '../parts/reference.tsx';
import { Ago } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';
import { Words } from '../parts/words.tsx';

/** Every delivery with what became of it: no webhook vanishes. */
export function DeliveriesPage() {
  const pages = usePages<DeliveryView>('/deliveries');
  useTitle('Deliveries');
  useStream(
    { deliveries: true },
    {
      onMessage: (message) => {
        if (message.type === 'delivery') pages.put(message.delivery);
      },
    },
  );
  if (pages.items === null) return <Waiting error={pages.error} what="deliveries" />;
  return (
    <>
      <h1>Deliveries</h1>
      {pages.items.length === 0 ? (
        <Empty title="Nothing has come in yet">
          <p>
            Set the webhook of your repository to <code>{location.origin}/webhooks/github</code>, content type
            application/json.
          </p>
        </Empty>
      ) : (
        <ul class="rows">
          {pages.items.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} />
          ))}
        </ul>
      )}
      <Older pages={pages} what="deliveries" />
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
        {delivery.reason !== null && (
          <span class="row-note">
            <Words text={delivery.reason} />
          </span>
        )}
      </a>
      <span class="row-side">
        {delivery.refName !== null && <span class="ref-name">{delivery.refName}</span>}
        {delivery.commit !== null && <Commit commit={delivery.commit} url={null} />}
        <code>{delivery.hostDeliveryId}</code>
      </span>
      <span class="row-time">
        <Ago atMs={delivery.receivedAtMs} />
        <span class="took">{formatBytes(delivery.bytes)}</span>
      </span>
    </li>
  );
}
