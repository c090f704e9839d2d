/** A repository that deliveries wait for; null stands for deliveries without one. */
export interface WaitingRepository {
  readonly repository: string | null;
  /** The host that it is fetched from; null where no project builds it, and nothing is fetched. */
  readonly gitHost: string | null;
  /** It did not answer when it was last asked. */
  readonly hasFailed?: boolean;
}

/**
 * Those that wait in the order of their turns: who was there at the last look, as it was then; who came since; who had a
 * turn since and waits on. By turns alone: ids may run ahead of the clock, and the clock may be set back. Pure.
 * @param before All that waited at the last look, in their order.
 * @param waiting All that wait now, the one with the oldest delivery first.
 * @param served Whose turns ended since the last look.
 */
export function orderTurns(
  before: readonly WaitingRepository[],
  waiting: readonly WaitingRepository[],
  served: ReadonlySet<string | null>,
): readonly WaitingRepository[] {
  const places = new Map(before.map(({ repository }, place) => [repository, place]));
  const placeOf = ({ repository }: WaitingRepository): number =>
    served.has(repository) ? before.length + 1 : (places.get(repository) ?? before.length);
  return waiting.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/**
 * Those of `waiting` that are worked on beside `working`, in their order. One Git host has all places but one: while its
 * fetches go on for long, those of another host still have a place. Those that did not answer last time have half the
 * places together, however many hosts they are of.
 */
export function chooseRepositories(
  waiting: readonly WaitingRepository[],
  working: readonly WaitingRepository[],
  places: number,
): readonly WaitingRepository[] {
  const ofOneHost = Math.max(1, places - 1);
  const ofFailed = Math.max(1, Math.floor(places / 2));
  const all = [...working];
  const chosen: WaitingRepository[] = [];
  for (const one of waiting) {
    if (all.length >= places) break;
    if (all.some(({ repository }) => repository === one.repository)) continue;
    const ofHost = all.filter(({ gitHost }) => gitHost !== null && gitHost === one.gitHost);
    if (ofHost.length >= ofOneHost) continue;
    if (one.hasFailed === true && all.filter(({ hasFailed }) => hasFailed).length >= ofFailed) continue;
    all.push(one);
    chosen.push(one);
  }
  return chosen;
}
