import { Problem } from '../../core/problem.ts';
import type { AppDeps } from '../deps.ts';
import type { Principal } from '../principal.ts';

/** Event streams that are open: how many, whose, and when each has to end. */
export interface OpenStreams {
  /** Takes a place for one more. @throws Problem `too_many_streams`; `sign_in_needed` for one that ended just now. */
  enter(reader: Reader): Promise<StreamPlace>;
}

type Reader = Pick<Extract<Principal, { kind: 'admin' }>, 'tokenId' | 'expiresAtMs'>;

export interface StreamPlace {
  /** Aborts when the reader's token or session ends: signed out, revoked or expired. */
  readonly ended: AbortSignal;
  /** Gives the place back. */
  readonly leave: () => void;
}

/** Seconds after which a reader that found no place may try again. */
const AGAIN_SECONDS = 15;
/** The longest that a timer of Node can wait. */
const MOST_WAIT_MS = 2 ** 31 - 1;

type Deps = Pick<AppDeps, 'store' | 'tokens' | 'clock' | 'settings'>;

export function createOpenStreams({ store, tokens, clock, settings: { limits } }: Deps): OpenStreams {
  const open = new Map<string, Set<AbortController>>();
  let count = 0;
  const end = (tokenId: string): void => open.get(tokenId)?.forEach((place) => place.abort());
  store.onChange(({ kind, id }) => {
    if (kind === 'token') end(id);
  });

  function demandRoom(tokenId: string): void {
    const refuse = (most: number, whose: string): Problem =>
      new Problem('too_many_streams', { count: most, whose, seconds: AGAIN_SECONDS });
    if ((open.get(tokenId)?.size ?? 0) >= limits.streamsEach)
      throw refuse(limits.streamsEach, 'with this token or session');
    if (count >= limits.streams) throw refuse(limits.streams, 'on this server');
  }

  function take({ tokenId, expiresAtMs }: Reader): StreamPlace {
    const place = new AbortController();
    const own = open.get(tokenId) ?? new Set();
    open.set(tokenId, own.add(place));
    count += 1;
    let timer: NodeJS.Timeout | undefined;
    const watchEnd = (): void => {
      if (expiresAtMs === null) return;
      const leftMs = expiresAtMs - clock.nowMs();
      if (leftMs <= 0) place.abort();
      else timer = setTimeout(watchEnd, Math.min(leftMs, MOST_WAIT_MS));
    };
    watchEnd();
    const leave = (): void => {
      clearTimeout(timer);
      if (!own.delete(place)) return;
      count -= 1;
      if (own.size === 0) open.delete(tokenId);
    };
    return { ended: place.signal, leave };
  }

  return {
    enter: async (reader) => {
      demandRoom(reader.tokenId);
      const place = take(reader);
      // It may have ended after it was looked at, and before anything here listened for that.
      const holds = await tokens.holds(reader.tokenId).catch((error: unknown) => {
        place.leave();
        throw error;
      });
      if (holds) return place;
      place.leave();
      throw new Problem('sign_in_needed');
    },
  };
}
