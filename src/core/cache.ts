import { createHash } from 'node:crypto';
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

/**
 * A space of caches: those of one project that builds of its default branch (`trusted`), of another branch, a tag or a pull
 * request may write. It is the name of a folder.
 */
export const CACHE_SPACE =
  /^[a-z0-9][a-z0-9_-]{0,63}\.(?:trusted|(?:branch|tag)-[0-9a-f]{32}|(?:pull|fork)-\d{1,12})$/;

/** Which caches a build may use. */
export interface CacheSpaces {
  /** The space that it writes, and reads first. */
  readonly own: string;
  /** Spaces that it may read besides. */
  readonly others: readonly string[];
}

/**
 * What a build of another branch, a tag or a pull request has written the default branch does not read, nor does any other:
 * whoever may push its commits decides what is in it. It reads what the default branch has written, but for a pull request
 * from a fork, which gets nothing of that.
 */
export function cacheSpaces(projectId: string, defaultBranch: string, event: RepositoryEvent): CacheSpaces {
  const own = `${projectId}.${spaceOf(event, defaultBranch)}`;
  const trusted = trustedSpace(projectId);
  return { own, others: own === trusted || !isTrusted(event) ? [] : [trusted] };
}

function spaceOf(event: RepositoryEvent, defaultBranch: string): string {
  switch (event.kind) {
    case 'push':
    case 'manual':
    case 'cron':
      return event.branch === defaultBranch ? 'trusted' : `branch-${hashOf(event.branch)}`;
    case 'tag':
      return `tag-${hashOf(event.tag)}`;
    case 'pull_request':
      return `${event.fromFork ? 'fork' : 'pull'}-${event.number}`;
  }
}

const hashOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32);

export function trustedSpace(projectId: string): string {
  return `${projectId}.trusted`;
}

export function isTrustedSpace(space: string): boolean {
  return space.endsWith('.trusted');
}

/** Whose the caches of a space are, for a person. */
export function ownerOfSpace(space: string): 'default branch' | 'branch' | 'tag' | 'pull request' {
  if (isTrustedSpace(space)) return 'default branch';
  const [, kind = ''] = /\.(branch|tag)-/.exec(space) ?? [];
  return kind === 'branch' || kind === 'tag' ? kind : 'pull request';
}
