import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { hasCommit, takeRefs, type Refs } from './mirror-refs.ts';
import { unbundle } from './unbundle.ts';

/**
 * Asks the server for what the mirror lacks: a bundle of the commit and the tags, for one that has the commits and tags
 * of `have`. While the server is away it waits for it.
 */
export type Source = (have: readonly string[], signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

export interface BringCommit {
  /** The bare repository it goes into. */
  readonly mirror: string;
  /** What it has. */
  readonly refs: Refs;
  readonly source: Source;
  readonly commit: string;
  /** Full ref; a tag's is to be there as well, so that `git describe` names it. */
  readonly ref: string;
  readonly signal: AbortSignal;
}

const MOST_TOLD = 10_000;
const BREAKS = 5;
const PAUSE_MS = 300;

/**
 * Brings a commit and the repository's tags into a mirror, unless they are there; what it has then.
 * @throws Problem `commit_missing`, `repository_unreachable` and what else the server says; `git_failed`.
 */
export async function bringCommit(work: BringCommit): Promise<Refs> {
  const { mirror, refs: there, commit, ref, signal } = work;
  if (hasCommit(there, commit, ref)) return there;
  const have = [...new Set([...there.values()].map(({ id }) => id))].slice(0, MOST_TOLD);
  for (let breaks = 0; ;) {
    const refs = await unbundle(mirror, work.source(have, signal).catch(ofServer), signal);
    if (refs !== null) return takeRefs(mirror, there, refs);
    if ((breaks += 1) === BREAKS)
      throw new Problem('git_failed', { command: 'bundle', cause: `it broke off ${BREAKS} times` });
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

/** A mirror of the server's that is damaged says nothing about this one: the server makes its own anew. */
function ofServer(error: unknown): null {
  if (error instanceof Problem && error.code === 'git_failed') return null;
  throw error;
}

/** git's words for a repository on this disk that a crash has left broken. */
export function isDamaged(text: string): boolean {
  return /is corrupt|is empty$|bad object|not a git repository|not a GIT packfile|is not a tree|invalid sha1 pointer|inflate: data|unable to read tree|missing (blob|tree|commit|object)|reference broken|too (small|short)|match index|wrong index|unresolved deltas|did not send all necessary objects|nonexistent object/im.test(
    text,
  );
}
