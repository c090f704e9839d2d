import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { localGit } from './local-git.ts';
import type { ObjectReader } from './object-reader.ts';
import type { GitResult } from './run-git.ts';

/** One bare repository of ours, and the bounds of work on it. */
export interface Mirror {
  readonly gitDir: string;
  readonly fetchTimeoutMs: number;
  /** A fetch ends when nothing comes for this long. */
  readonly fetchIdleMs: number;
  /** How often a bundle goes on while git counts. */
  readonly keepAliveMs: number;
  /** It goes on like that for so long and no longer. */
  readonly countingMs: number;
  readonly objects: ObjectReader;
  /** More changed paths than this count as not known. */
  readonly mostPaths: number;
  /** When unreachable objects go, in git's words, e.g. `2.weeks.ago`. */
  readonly pruneExpire: string;
  /** How much more clutter than the last packing left makes the next one worth its work. */
  readonly tidyBeyond: Clutter;
  readonly signal: AbortSignal | undefined;
}

/** Files that make every git command on a mirror slower. */
export interface Clutter {
  readonly packs: number;
  /** Estimated, as `git gc --auto` does. */
  readonly looseObjects: number;
}

/** The ref in a mirror that holds a ref of the Git host; flat, so that `topic` and `topic/a` may follow each other. */
export function trackingRef(ref: string): string {
  return `refs/mirror/${createHash('sha256').update(ref).digest('hex').slice(0, 32)}`;
}

/** The ref that keeps a commit, on the server while a build needs it, on a worker from when it came. */
export function commitRef(commit: string): string {
  return `${COMMIT_REFS}${commit}`;
}

export const COMMIT_REFS = 'refs/slipway/commits/';

/** The ref that a commit is fetched to which a pipeline file names: a branch's would say that the branch is there. */
export function includedRef(commit: string): string {
  return `${INCLUDED_REFS}${commit}`;
}

export const INCLUDED_REFS = 'refs/slipway/include/';

export async function isRepository(gitDir: string): Promise<boolean> {
  return (await stat(path.join(gitDir, 'HEAD')).catch(() => null)) !== null;
}

/** Made aside and renamed, so that a server killed in between leaves no half repository. */
export async function makeRepository(gitDir: string): Promise<void> {
  if (await isRepository(gitDir)) return;
  const aside = `${gitDir}.new`;
  await rm(aside, { recursive: true, force: true });
  await rm(gitDir, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  await localGit(aside).init(true);
  await rename(aside, gitDir);
}

/** Removes the repository; what was in it has to be fetched again. */
export async function removeRepository({ gitDir, objects }: Mirror): Promise<void> {
  objects.close();
  await rm(gitDir, { recursive: true, force: true });
}

/** The Problem for a command on the mirror itself that ended badly. */
export function failed(command: string, { stderr, ended }: GitResult): Problem {
  const cause = stderr.trim().split('\n').at(-1) ?? '';
  return new Problem('git_failed', { command, cause: cause === '' ? ended : cause });
}

/** git's words, in the C locale, for a mirror that a crash has left broken; what the remote says does not count. */
export function isDamaged(stderr: string): boolean {
  return /^(?!remote:).*(bad object|is empty$|is corrupt|not a git repository|unable to (read|stream)|inflate: data|missing (blob|tree|commit)|bad tree object|could not read [0-9a-f]{40}|failed to traverse)/im.test(
    stderr,
  );
}
