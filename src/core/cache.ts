import type { RepositoryEvent } from './event.ts';
import { isTrusted } from './trust.ts';

/** Bounds of caches. */
export const CACHE_LIMITS = {
  /** Of one step. */
  perStep: 8,
  /** Entries of one cache's lists. */
  pathPatterns: 64,
  fallbackKeys: 16,
  keyPatterns: 64,
  /** Characters of a key. */
  key: 512,
  /** Files whose content is part of one key. */
  keyFiles: 10_000,
  /** Files, folders and links of one cache. */
  entries: 1_000_000,
  /** What the patterns of one cache may find. */
  paths: 4_000,
} as const;

/** A space of caches: those of one project that builds of one level of trust may write. It is the name of a folder. */
export const CACHE_SPACE = /^[a-z0-9][a-z0-9_-]{0,63}\.(?:trusted|pull-\d{1,12}|fork-\d{1,12})$/;

/** Which caches a build may use. */
export interface CacheSpaces {
  /** The space that it writes, and reads first. */
  readonly own: string;
  /** Spaces that it may read besides. */
  readonly others: readonly string[];
}

/**
 * What a pull request has written no other build reads, for its commits decide what is in it. It reads what trusted builds
 * have written, but for one from a fork, which gets nothing of theirs.
 */
export function cacheSpaces(projectId: string, event: RepositoryEvent): CacheSpaces {
  const trusted = trustedSpace(projectId);
  if (event.kind !== 'pull_request') return { own: trusted, others: [] };
  return isTrusted(event)
    ? { own: `${projectId}.pull-${event.number}`, others: [trusted] }
    : { own: `${projectId}.fork-${event.number}`, others: [] };
}

export function trustedSpace(projectId: string): string {
  return `${projectId}.trusted`;
}

export function isTrustedSpace(space: string): boolean {
  return space.endsWith('.trusted');
}
