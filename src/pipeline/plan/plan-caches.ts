import { CACHE_LIMITS } from '../../core/cache.ts';
import type { CachePlan } from '../../core/plan.ts';
import type { CacheSpec } from '../grammar/cache.ts';
import type { FillValue } from './fill-values.ts';

/**
 * The caches of a step, with what is relative as from where it starts without its folder.
 * @param folder The step's `directory`; null: none.
 */
export function planCaches(
  caches: readonly CacheSpec[],
  folder: string | null,
  fill: FillValue,
): readonly CachePlan[] {
  const inFolder = (path: string): string =>
    folder === null || path.startsWith('/') ? path : belowFolder(folder, path);
  return caches.slice(0, CACHE_LIMITS.perStep).map(({ paths, key, fallback_keys, policy }) => ({
    paths: paths.map(inFolder),
    key: key.prefix === null ? '' : fill(key.prefix).text,
    files: key.files.map(inFolder),
    // One that an absent value has left empty would stand for every cache.
    fallbackKeys: fallback_keys.map((one) => fill(one).text).filter((one) => one !== ''),
    policy,
  }));
}

/** A pattern below a folder, in whose name nothing is a pattern. */
export function belowFolder(folder: string, pattern: string): string {
  return `${folder.replace(/[*?[\]{},\\]/g, '\\$&')}/${pattern}`;
}
