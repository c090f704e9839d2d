/** A repository that deliveries wait for; null stands for deliveries without one. */
export interface WaitingRepository {
  readonly repository: string | null;
  /** The host that it is fetched from; null where no project builds it, and nothing is fetched. */
  readonly gitHost: string | null;
}

/** So many repositories of one Git host are worked on side by side. */
export const PLACES_OF_HOST = 3;

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
 * Those of `waiting` that are worked on beside `working`, in their order. Each Git host has places of its own, and so have
 * those from which nothing is fetched: however many hosts hang, and for how long, no other waits for them.
 */
export function chooseRepositories<T extends WaitingRepository>(
  waiting: readonly T[],
  working: readonly WaitingRepository[],
): readonly T[] {
  const all = [...working];
  const chosen: T[] = [];
  for (const one of waiting) {
    if (all.some(({ repository }) => repository === one.repository)) continue;
    if (all.filter(({ gitHost }) => gitHost === one.gitHost).length >= PLACES_OF_HOST) continue;
    all.push(one);
    chosen.push(one);
  }
  return chosen;
}
