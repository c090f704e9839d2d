/** A repository that deliveries wait for; null stands for deliveries without one. */
export interface WaitingRepository {
  readonly repository: string | null;
  /** The host that it is fetched from; null where no project builds it, and nothing is fetched. */
  readonly gitHost: string | null;
  /** When the oldest of those deliveries came, in epoch ms. */
  readonly sinceMs: number;
}

/**
 * Those of `waiting` that are worked on beside `working`, in their order. One Git host has all places but one: while its
 * fetches go on for long, those of another host still have a place.
 */
export function chooseRepositories(
  waiting: readonly WaitingRepository[],
  working: readonly WaitingRepository[],
  places: number,
): readonly WaitingRepository[] {
  const ofOneHost = Math.max(1, places - 1);
  const all = [...working];
  const chosen: WaitingRepository[] = [];
  for (const one of waiting) {
    if (all.length >= places) break;
    if (all.some(({ repository }) => repository === one.repository)) continue;
    const ofHost = all.filter(({ gitHost }) => gitHost !== null && gitHost === one.gitHost);
    if (ofHost.length >= ofOneHost) continue;
    all.push(one);
    chosen.push(one);
  }
  return chosen;
}
