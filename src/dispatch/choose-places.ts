/** A worker that is connected. */
export interface WorkerPlaces {
  readonly id: string;
  readonly queue: string;
  readonly capacity: number;
  /** Workflows that run on it or are placed there. */
  readonly taken: number;
}

/** Gives the first of the queue the free places, the emptiest worker first. Pure. */
export function choosePlaces<W>(
  queue: readonly W[],
  workers: readonly WorkerPlaces[],
): readonly { readonly workflow: W; readonly worker: WorkerPlaces }[] {
  const places = workers.map((worker) => ({ worker, free: worker.capacity - worker.taken }));
  const chosen: { workflow: W; worker: WorkerPlaces }[] = [];
  for (const workflow of queue) {
    const [place] = places.filter(({ free }) => free > 0).sort((a, b) => b.free - a.free);
    if (place === undefined) break;
    place.free -= 1;
    chosen.push({ workflow, worker: place.worker });
  }
  return chosen;
}

/** Why what is left in the queue waits; one sentence for a person. Pure. */
export function whyWaiting(workers: readonly WorkerPlaces[]): string {
  if (workers.length === 0) return 'no worker is connected';
  const places = workers.reduce((sum, { capacity }) => sum + capacity, 0);
  if (places === 0) return 'no connected worker takes builds';
  return places === 1 ? 'the only place is taken' : `all ${places} places are taken`;
}
