import { describeLabels, hasLabels, type Labels } from '../core/labels.ts';

/** A worker that is connected. */
export interface WorkerPlaces {
  readonly id: string;
  readonly queue: string;
  readonly capacity: number;
  /** Workflows that run on it or are placed there. */
  readonly taken: number;
  readonly labels: Labels;
  /** It gets nothing new. */
  readonly draining: boolean;
  /** It is connected, and has left something unclaimed lately: its engine may be away. */
  readonly silent?: boolean;
}

/** What of a waiting workflow decides where it may go. */
export interface Wanting {
  /** Labels that its worker must have. */
  readonly labels: Labels;
}

/**
 * Gives the first of the queue the free places, the emptiest worker that fits first; of equally empty ones the one with
 * fewer labels, which others may want. A workflow that fits nowhere holds up none behind it. A silent worker gets only
 * what no other one could take, now or later. Pure.
 */
export function choosePlaces<W extends Wanting>(
  queue: readonly W[],
  workers: readonly WorkerPlaces[],
): readonly { readonly workflow: W; readonly worker: WorkerPlaces }[] {
  const places = workers
    .filter(({ draining, capacity }) => !draining && capacity > 0)
    .map((worker): Place => ({ worker, free: Math.max(0, worker.capacity - worker.taken) }));
  let left = places.reduce((sum, { free }) => sum + free, 0);
  const chosen: { workflow: W; worker: WorkerPlaces }[] = [];
  for (const workflow of queue) {
    if (left === 0) break;
    const fitting = places.filter(({ worker }) => hasLabels(worker.labels, workflow.labels));
    const isHeard = ({ worker }: Place): boolean => worker.silent !== true;
    const [place] = (fitting.some(isHeard) ? fitting.filter(isHeard) : fitting)
      .filter(({ free }) => free > 0)
      .sort((a, b) => b.free - a.free || countLabels(a.worker) - countLabels(b.worker));
    if (place === undefined) continue;
    place.free -= 1;
    left -= 1;
    chosen.push({ workflow, worker: place.worker });
  }
  return chosen;
}

interface Place {
  readonly worker: WorkerPlaces;
  free: number;
}

/** Why a workflow that is left in the queue waits; one sentence for a person. Pure. */
export function whyWaiting({ labels }: Wanting, workers: readonly WorkerPlaces[]): string {
  if (workers.length === 0) return 'no worker is connected';
  const fitting = workers.filter((worker) => hasLabels(worker.labels, labels));
  if (fitting.length === 0) return `no connected worker has ${lackingLabels(labels, workers)}`;
  const builders = fitting.filter(({ capacity }) => capacity > 0);
  const such = describeLabels(labels) === '' ? '' : ` with ${describeLabels(labels)}`;
  if (builders.length === 0) return `no connected worker${such} takes builds`;
  const places = builders
    .filter(({ draining }) => !draining)
    .reduce((sum, { capacity }) => sum + capacity, 0);
  if (places === 0)
    return builders.length === 1
      ? `the only worker${such} drains`
      : `all ${builders.length} workers${such} drain`;
  const on = such === '' ? '' : ` on workers${such}`;
  return places === 1 ? `the only place${on} is taken` : `all ${places} places${on} are taken`;
}

/** The labels that no worker has; all of them where each is somewhere, but never together. */
function lackingLabels(wanted: Labels, workers: readonly WorkerPlaces[]): string {
  const lacking = Object.entries(wanted).filter(
    ([name, value]) => !workers.some((worker) => hasLabels(worker.labels, { [name]: value })),
  );
  const named = describeLabels(lacking.length === 0 ? wanted : Object.fromEntries(lacking)).split(',');
  if (lacking.length === 0) return `all of the labels ${named.join(', ')}`;
  return `the ${named.length === 1 ? 'label' : 'labels'} ${named.join(', ')}`;
}

const countLabels = ({ labels }: WorkerPlaces): number => Object.keys(labels).length;
