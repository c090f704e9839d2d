import type Dockerode from 'dockerode';
import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine } from '../engine/engine-lost.ts';

export interface BuildCacheDeps {
  readonly cache: BuildCache;
  readonly keepBytes: number;
  /** Whether nothing runs here; asked again before each step, so that a build waits for one step at most. */
  readonly isIdle: () => boolean;
  /** Between two steps; default 1,000. */
  readonly pauseMs?: number;
}

/** The build cache of an engine. */
export interface BuildCache {
  usedBytes(): Promise<number>;
  /** Removes what was unused for longest until so much is left; what is in use stays. Returns the bytes freed. */
  pruneTo(keepBytes: number): Promise<number>;
}

/** What one step frees at most: some seconds of a disk's time. */
const STEP_BYTES = 2 * 1024 ** 3;
const PAUSE_MS = 1_000;

/** Brings the cache down to its bound, a step at a time, as long as nothing runs; returns the bytes freed. */
export async function boundBuildCache(deps: BuildCacheDeps): Promise<number> {
  const { cache, keepBytes, isIdle } = deps;
  if (!isIdle()) return 0;
  const used = await cache.usedBytes();
  let freed = 0;
  while (used - freed > keepBytes && isIdle()) {
    const step = await cache.pruneTo(Math.max(keepBytes, used - freed - STEP_BYTES));
    if (step === 0) break; // the rest is in use
    freed += step;
    await sleep(deps.pauseMs ?? PAUSE_MS, undefined, { ref: false });
  }
  return freed;
}

/** The cache of an engine's own BuildKit (Docker Engine API: `GET /system/df`, `POST /build/prune`). */
export function engineBuildCache(docker: Dockerode): BuildCache {
  return {
    async usedBytes() {
      const usage = (await callEngine(() =>
        ask(docker, 'GET', '/system/df', { type: 'build-cache' }),
      )) as Usage;
      // Layers that an image shares are not the cache's to free.
      const own = (usage.BuildCache ?? []).filter(({ Shared }) => Shared !== true);
      return own.reduce((sum, { Size = 0 }) => sum + Size, 0);
    },
    async pruneTo(keepBytes) {
      // The first is the second's name before version 1.48 of the API; an engine ignores the one that it does not know.
      const query = { 'keep-storage': keepBytes, 'reserved-space': keepBytes };
      const pruned = (await callEngine(() => ask(docker, 'POST', '/build/prune', query))) as Pruned;
      return pruned.SpaceReclaimed ?? 0;
    },
  };
}

interface Usage {
  readonly BuildCache?: readonly { readonly Size?: number; readonly Shared?: boolean }[] | null;
}

interface Pruned {
  readonly SpaceReclaimed?: number;
}

/** What the client has no word for. */
function ask(
  { modem }: Dockerode,
  method: 'GET' | 'POST',
  path: string,
  query: Readonly<Record<string, string | number>>,
): Promise<unknown> {
  const request = { path: `${path}?`, method, options: query, statusCodes: { 200: true } };
  return new Promise((resolve, reject) => {
    modem.dial(request, (error: Error | null, answer: unknown) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}
