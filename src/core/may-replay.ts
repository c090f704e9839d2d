import type { DeliveryView } from './views/delivery-view.ts';

/**
 * Whether a delivery can be worked on again: one that made no build, or failed. One that led to a build keeps it; run the
 * build again instead. That goes for a blocked one, too: what blocked it, a fork's pull request, would block it once more.
 */
export function mayReplay({ outcome, buildIds }: Pick<DeliveryView, 'outcome' | 'buildIds'>): boolean {
  return buildIds.length === 0 && (outcome === 'failed' || outcome === 'ignored');
}
