import type { WorkerFeature } from '../core/worker-feature.ts';
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
  /** Why it gets nothing new: which of its disks has too little free; absent or null: none. */
  readonly lowDisk?: string | null;
  /** It is connected, and has left something unclaimed lately: its engine may be away. */
  readonly silent?: boolean;
  /** What its process knows to do; absent: nothing beyond its protocol. */
  readonly features?: readonly string[];
}

/** What of a waiting workflow decides where it may go. */
export interface Wanting {
  /** Labels that its worker must have. */
  readonly labels: Labels;
  /** What its worker must know to do; absent: nothing beyond the protocol. */
  readonly features?: readonly WorkerFeature[];
  /** The one worker that has the image that it runs in; absent: any. */
  readonly only?: { readonly id: string; readonly name: string };
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
    .filter(takesWorkflows)
    .map((worker): Place => ({ worker, free: Math.max(0, worker.capacity - worker.taken) }));
  let left = places.reduce((sum, { free }) => sum + free, 0);
  const chosen: { workflow: W; worker: WorkerPlaces }[] = [];
  for (const workflow of queue) {
    if (left === 0) break;
    const fitting = places.filter(({ worker }) => fits(worker, workflow));
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

/** Whether it may go to one worker alone, which is away, silent or would not take it now, however empty. Pure. */
export function isStranded(wanted: Wanting, workers: readonly WorkerPlaces[]): boolean {
  return (
    wanted.only !== undefined &&
    !workers.some((worker) => takesWorkflows(worker) && worker.silent !== true && fits(worker, wanted))
  );
}

interface Place {
  readonly worker: WorkerPlaces;
  free: number;
}

/** Whether it is given anything new, as far as itself is concerned. */
function takesWorkflows({ draining, capacity, lowDisk = null }: WorkerPlaces): boolean {
  return !draining && capacity > 0 && lowDisk === null;
}

function fits(worker: WorkerPlaces, wanted: Wanting): boolean {
  if (wanted.only !== undefined && worker.id !== wanted.only.id) return false;
  return lackingFeature(wanted, [worker]) === null && hasLabels(worker.labels, wanted.labels);
}

/** One that none of the workers knows; null: each is known somewhere. */
function lackingFeature({ features = [] }: Wanting, workers: readonly WorkerPlaces[]): WorkerFeature | null {
  return features.find((one) => !workers.some((worker) => worker.features?.includes(one) === true)) ?? null;
}

/** What a worker without a feature is not new enough for. */
const TOO_OLD: Readonly<Record<WorkerFeature, string>> = {
  repeat: 'to run only a part of a workflow again: re-run all of it',
  'cancel-step': 'to end one step alone',
  'take-artifacts': 'to take artifacts of other workflows: upgrade one',
  split: 'to run a step in shares: upgrade one',
  volumes: 'to give steps volumes: upgrade one',
  'named-images': 'to run images that a build has run before: upgrade one, or re-run all of it',
  'host-volumes': 'to give steps paths of its host: upgrade one',
  pull: 'to pull images that are there: upgrade one',
};

/** Why a workflow that is left in the queue waits; one sentence for a person. Pure. */
export function whyWaiting(wanted: Wanting, workers: readonly WorkerPlaces[]): string {
  const { labels, only } = wanted;
  if (only !== undefined)
    return `the worker ${only.name} has its image, and ${whyNotOn(
      workers.find(({ id }) => id === only.id),
      wanted,
    )}`;
  if (workers.length === 0) return 'no worker is connected';
  const isAble = workers.some((worker) => lackingFeature(wanted, [worker]) === null);
  const lacking = isAble ? undefined : (lackingFeature(wanted, workers) ?? wanted.features?.[0]);
  if (lacking !== undefined) return `no connected worker is new enough ${TOO_OLD[lacking]}`;
  const fitting = workers.filter((worker) => fits(worker, wanted));
  if (fitting.length === 0) return `no connected worker has ${lackingLabels(labels, workers)}`;
  const builders = fitting.filter(({ capacity }) => capacity > 0);
  const such = describeLabels(labels) === '' ? '' : ` with ${describeLabels(labels)}`;
  if (builders.length === 0) return `no connected worker${such} takes builds`;
  const places = builders.filter(takesWorkflows).reduce((sum, { capacity }) => sum + capacity, 0);
  if (places === 0) return whyNoneTakes(builders, such);
  const on = such === '' ? '' : ` on workers${such}`;
  return places === 1 ? `the only place${on} is taken` : `all ${places} places${on} are taken`;
}

/** Of workers that all take nothing new. */
function whyNoneTakes(builders: readonly WorkerPlaces[], such: string): string {
  const low = builders.flatMap(({ draining, lowDisk = null }) =>
    draining || lowDisk === null ? [] : [lowDisk],
  );
  if (builders.length === 1)
    return low[0] === undefined ? `the only worker${such} drains` : `the only worker${such} waits: ${low[0]}`;
  const all = `all ${builders.length} workers${such}`;
  if (low.length === 0) return `${all} drain`;
  return low.length === builders.length
    ? `${all} have a disk with too little free`
    : `${all} drain or have a disk with too little free`;
}

/** The same of the one worker that may take it. */
function whyNotOn(worker: WorkerPlaces | undefined, wanted: Wanting): string {
  if (worker === undefined) return 'is not connected';
  const lacking = lackingFeature(wanted, [worker]);
  if (lacking !== null) return `is not new enough ${TOO_OLD[lacking]}`;
  const { labels } = wanted;
  if (!hasLabels(worker.labels, labels)) return `lacks ${lackingLabels(labels, [worker])}`;
  if (worker.capacity === 0) return 'takes no builds';
  if (worker.draining) return 'drains';
  if (typeof worker.lowDisk === 'string') return `waits: ${worker.lowDisk}`;
  return worker.silent === true ? 'has left something unclaimed lately' : 'has no free place';
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
