import type { Mirrors } from '../ports/repositories.ts';
import { chooseRepositories, type WaitingRepository } from './choose-repositories.ts';
import { gitHostOf } from './clone-url.ts';

/** Work on repositories, side by side as {@link chooseRepositories} says. */
export interface HostPlaces<T extends WaitingRepository> {
  /** Begins to work on those of `waiting` whose Git host has a place, the first come first; returns them. */
  begin(waiting: readonly T[]): readonly T[];
  isIdle(): boolean;
  /** Resolves when all that has begun is over. */
  settled(): Promise<void>;
}

/**
 * A place is of the host that is asked: who reads what its files include of another host holds none of its own meanwhile.
 * @param work Asks by these mirrors; must not fail.
 * @param freed A place of a host became free.
 */
export function createHostPlaces<T extends WaitingRepository>(
  mirrors: Mirrors,
  work: (one: T, mirrors: Mirrors) => Promise<void>,
  freed: () => void,
): HostPlaces<T> {
  const working = new Map<WaitingRepository, Promise<void>>();

  const beginOne = (one: T): void => {
    const asking = { repository: one.repository, gitHost: one.gitHost };
    const readIncluded: Mirrors['readIncluded'] = async (place, paths, signal) => {
      const before = asking.gitHost;
      asking.gitHost = gitHostOf(place.remote.url);
      if (asking.gitHost !== before) freed();
      try {
        return await mirrors.readIncluded(place, paths, signal);
      } finally {
        asking.gitHost = before;
      }
    };
    const done = work(one, { ...mirrors, readIncluded }).finally(() => {
      working.delete(asking);
      freed();
    });
    working.set(asking, done);
  };

  return {
    begin: (waiting) => {
      const chosen = chooseRepositories(waiting, [...working.keys()]);
      chosen.forEach(beginOne);
      return chosen;
    },
    isIdle: () => working.size === 0,
    settled: async () => void (await Promise.all(working.values())),
  };
}
