import { useRoute } from 'preact-iso';
import { mayReplay } from '../../src/core/may-replay.ts';
import type { BuildSummary } from '../../src/core/views/build-view.ts';
import type { DeliveryView } from '../../src/core/views/delivery-view.ts';
import { api, segment } from '../api.ts';
import { formatBytes, formatTime } from '../format.ts';
import { Action } from '../parts/action.tsx';
import { BuildRow } from '../parts/build-row.tsx';
import { useStream } from '../parts/live.ts';
import { useLoad, Waiting } from '../parts/load.tsx';
import { Outcome } from '../parts/outcome.tsx';
import { useTitle } from '../parts/title.ts';
import { Words } from '../parts/words.tsx';

/** One delivery: what came, what became of it and why, and the way to have it worked on again. */
export function DeliveryPage() {
  const id = useRoute().params['delivery'] ?? '';
  const {
    value: delivery,
    error,
    set,
    reload,
  } = useLoad(id, () => api<DeliveryView & { readonly body: unknown }>('GET', `/deliveries/${segment(id)}`));
  const buildIds = delivery?.buildIds ?? [];
  const builds = useLoad(`builds ${buildIds.join(' ')}`, () =>
    Promise.all(buildIds.map((build) => api<BuildSummary>('GET', `/builds/${segment(build)}`))),
  );
  useTitle(delivery === null ? 'Delivery' : `${delivery.event} of ${delivery.repository ?? 'no repository'}`);
  useStream(
    { deliveries: true, build: buildIds },
    {
      onMessage: (message) => {
        if (message.type === 'delivery' && message.delivery.id === id)
          set((shown) => (shown === null ? null : { ...shown, ...message.delivery }));
        if (message.type === 'build')
          builds.set(
            (shown) => shown?.map((one) => (one.id === message.build.id ? message.build : one)) ?? null,
          );
      },
      onAgain: reload,
    },
  );
  if (delivery === null) return <Waiting error={error} what="the delivery" />;
  return (
    <article>
      <div class="title">
        <Outcome outcome={delivery.outcome} />
        <h1>
          {delivery.event} {delivery.action ?? ''} <span class="number">{delivery.repository ?? ''}</span>
        </h1>
        {mayReplay(delivery) && (
          <Action run={() => api('POST', `/deliveries/${segment(id)}/replay`)}>Replay</Action>
        )}
      </div>
      {delivery.reason !== null && (
        <p class={delivery.outcome === 'failed' ? 'box box-error' : 'box'}>
          <Words text={delivery.reason} />
        </p>
      )}
      {buildIds.length > 0 && (
        <ul class="rows" aria-label="Builds">
          {(builds.value ?? []).map((build) => (
            <BuildRow key={build.id} build={build} />
          ))}
        </ul>
      )}
      <dl class="card facts">
        <dt>Delivery</dt>
        <dd>
          <code>{delivery.hostDeliveryId}</code>
        </dd>
        <dt>Received</dt>
        <dd>
          {formatTime(delivery.receivedAtMs)}, {delivery.times === 1 ? 'once' : `${delivery.times} times`},{' '}
          {formatBytes(delivery.bytes)}
        </dd>
      </dl>
      <h2>Body</h2>
      <pre class="card body" tabIndex={0}>
        {typeof delivery.body === 'string' ? delivery.body : JSON.stringify(delivery.body, null, 2)}
      </pre>
    </article>
  );
}
