import { CACHE_LIMITS } from '../../core/cache.ts';
import type { CachePolicy } from '../../core/plan.ts';
import { choice } from '../shape/choice.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { defaulted, optional, record, required } from '../shape/record.ts';
import { scalar, word } from '../shape/scalar.ts';
import { defined, located, mapped } from '../shape/shape.ts';
import type { ValueOf } from '../shape/shape.ts';
import type { Located } from '../report.ts';
import { cacheKey, cachePath, filePattern } from '../format/paths.ts';

const text = located(scalar(cacheKey));
const patterns = oneOrMore(
  scalar(filePattern),
  'a pattern of files, or a list of them',
  CACHE_LIMITS.keyPatterns,
);

/** A key that ends with what is in files. */
export const cacheKeyRecord = record('`key` of a cache', {
  files: required(patterns, 'Files whose content ends the key, from where the commands start.'),
  prefix: optional(text, 'What the key begins with.', 'the hash of the files alone'),
});

interface CacheKeySpec {
  readonly files: readonly string[];
  readonly prefix: Located<string> | null;
}

const key = choice<CacheKeySpec>(
  {
    text: mapped(text, (prefix): CacheKeySpec => ({ files: [], prefix })),
    map: cacheKeyRecord,
  },
  'a key, or a map with `files` and `prefix`',
);

export const cacheRecord = record('a cache', {
  paths: required(
    oneOrMore(scalar(cachePath), 'a path, or a list of paths', CACHE_LIMITS.pathPatterns),
    'Files and folders, from where the commands start, or absolute in the container of the step.',
  ),
  key: required(key, 'What names it: a cache is never changed, a new key makes a new one.'),
  fallback_keys: defaulted(
    oneOrMore(text, 'a key, or a list of keys', CACHE_LIMITS.fallbackKeys),
    'What is restored when no cache has the key: the cache of the first of these, else the newest whose key begins with it.',
    [],
    'none',
  ),
  policy: defaulted(
    word<CachePolicy>(['pull-push', 'pull', 'push']),
    'Whether it is restored (`pull`), saved (`push`) or both.',
    'pull-push',
    '`pull-push`',
  ),
});

export type CacheSpec = ValueOf<typeof cacheRecord>;

const one = defined('cache', cacheRecord);

export const cache = choice(
  {
    map: mapped(one, (only): readonly CacheSpec[] => [only]),
    list: list(one, 'a list of caches'),
  },
  'a map with `paths` and `key`, or a list of such maps',
  'list',
);
