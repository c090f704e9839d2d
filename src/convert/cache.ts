import { CACHE_LIMITS } from '../core/cache.ts';
import { cacheKey, cachePath, filePattern } from '../pipeline/format/paths.ts';
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

/** A key, or the begin of one, as a file of ours has it; noted where that is another. */
export function keyText(written: string, at: Foreign): string {
  const text = written.trim();
  if (text === '' || cacheKey.parse(text) !== null) return text;
  at.changes('a key is one line of at most 512 characters', 'Write `key` as it is wanted.');
  return text
    .replace(/[\p{Cc}]+/gu, '-')
    .slice(0, 512)
    .trim();
}

/** Patterns of files whose content ends a key; those that cannot be are noted and left out. */
export function keyFiles(patterns: readonly string[], at: Foreign): readonly string[] {
  const most = CACHE_LIMITS.keyPatterns;
  const kept = patterns.flatMap((written) => {
    const pattern = /^!|\$\{/.test(written) ? null : filePattern.parse(written);
    if (pattern !== null) return [pattern];
    at.changes(
      written.startsWith('!')
        ? `files that \`${written.slice(0, 60)}\` excludes count, too`
        : `\`${written.slice(0, 60)}\` is no file of the checkout, and ends no key`,
      'Write `files` of `key` without it.',
    );
    return [];
  });
  if (kept.length > most)
    at.changes(`of its files the first ${most} count`, 'Write patterns that find several.');
  return kept.slice(0, most);
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
