import { cachePath } from '../pipeline/format/paths.ts';
import type { Foreign } from './foreign.ts';
import { entry, list, map, text, textsEntry } from './out.ts';
import type { OutEntry, OutMap } from './out.ts';

/** A cache, as a file of ours has it. */
export interface CacheOut {
  readonly from: Foreign;
  readonly paths: readonly string[];
  readonly key: { readonly text: string } | { readonly prefix: string; readonly files: readonly string[] };
  readonly fallbackKeys: readonly string[];
  /** Null: both. */
  readonly policy: 'pull' | 'push' | null;
}

/** The caches of a step; null where it has none. */
export function cacheEntry(caches: readonly CacheOut[]): OutEntry | null {
  const [only] = caches;
  if (only === undefined) return null;
  return entry('cache', caches.length === 1 ? cacheMap(only) : list(caches.map(cacheMap)), only.from);
}

function cacheMap({ from, paths, key, fallbackKeys, policy }: CacheOut): OutMap {
  return map(
    [
      textsEntry('paths', paths, from),
      entry('key', 'text' in key ? text(key.text, from) : keyMap(key, from), from),
      textsEntry('fallback_keys', fallbackKeys, from),
      policy === null ? null : entry('policy', policy, from),
    ],
    from,
  );
}

function keyMap({ prefix, files }: { prefix: string; files: readonly string[] }, from: Foreign): OutMap {
  return map([prefix === '' ? null : entry('prefix', prefix, from), textsEntry('files', files, from)], from);
}

/** The path as ours; null, and noted, where it is none that a cache may have. */
export function pathOut(written: string, at: Foreign): string | null {
  const home = written.trim().replace(/^(?:~|\$\{?HOME\}?)(?=\/)/, '/root');
  const path = home.includes('$') ? null : cachePath.parse(home);
  if (path === null)
    at.leaveOut(
      `\`${written.trim().slice(0, 60)}\` is no path that a cache may have`,
      'Write folders from where the commands start, or absolute ones, without `**`.',
    );
  else if (home !== written.trim())
    at.changes('the home of a user other than root is elsewhere', 'Write the folder of the image’s user.');
  return path;
}
