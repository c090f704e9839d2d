import type { DeliveryView } from '../../src/core/views/delivery-view.ts';

const STATUS: Readonly<Record<DeliveryView['outcome'], string>> = {
  received: 'running',
  built: 'success',
  ignored: 'skipped',
  blocked: 'blocked',
  failed: 'error',
};

/** What became of a delivery, by word and colour. */
export function Outcome({ outcome }: { outcome: DeliveryView['outcome'] }) {
  return <span class={`status status-${STATUS[outcome]}`}>{outcome}</span>;
}
