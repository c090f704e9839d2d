import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { COMMIT_REFS, commitRef } from '../../src/git/mirror.ts';
import { runGit } from '../../src/git/run-git.ts';
import { unbundle, type BundleRefs } from './unbundle.ts';

/**
 * Asks the server for what the mirror lacks: a bundle of the commit and the tags, for one that has the commits and tags
 * of `have`. While the server is away it waits for it.
 */
export type Source = (have: readonly string[], signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

export interface BringCommit {
  /** The bare repository it goes into. */
  readonly mirror: string;
  readonly source: Source;
  readonly commit: string;
  /** Full ref; a tag's is to be there as well, so that `git describe` names it. */
  readonly ref: string;
  readonly signal: AbortSignal;
}

const QUICK_MS = 60_000;
/** Commits that the server is told of; the newest, which a new one most likely follows. */
const TOLD_COMMITS = 256;
const MOST_TOLD = 10_000;
const BREAKS = 5;
const PAUSE_MS = 300;

/**
 * Brings a commit and the repository's tags into a mirror, unless they are there; whether something was brought.
 * @throws Problem `commit_missing`, `repository_unreachable` and what else the server says; `git_failed`.
 */
export async function bringCommit(work: BringCommit): Promise<boolean> {
  const { mirror, commit, ref, signal } = work;
  const there = await readRefs(mirror);
  const isTagThere = !ref.startsWith('refs/tags/') || there.get(ref)?.commit === commit;
  if (there.has(commitRef(commit)) && isTagThere) return false;
  const have = [...new Set([...there.values()].map(({ id }) => id))].slice(0, MOST_TOLD);
  for (let breaks = 0; ;) {
    const bundle = await work.source(have, signal).catch(ofServer);
    const refs = bundle === null ? null : await unbundle(mirror, bundle, signal);
    if (refs !== null) {
      await takeRefs(mirror, there, refs);
      return true;
    }
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

/** `commit`: what an annotated tag leads to; else as `id`. */
interface Ref {
  readonly id: string;
  readonly commit: string;
}

type Refs = ReadonlyMap<string, Ref>;

/** The newest commits that were brought, then the tags. */
async function readRefs(mirror: string): Promise<Refs> {
  const format = '--format=%(objectname) %(*objectname) %(refname)';
  const list = async (...args: readonly string[]): Promise<readonly (readonly [string, Ref])[]> => {
    const text = await git(mirror, ['for-each-ref', format, ...args]);
    const lines = text.split('\n').filter(Boolean);
    return lines.map((line) => {
      const [id = '', tagged = '', ...ref] = line.split(' ');
      return [ref.join(' '), { id, commit: tagged || id }];
    });
  };
  const newest = ['--sort=-creatordate', `--count=${TOLD_COMMITS}`];
  const both = await Promise.all([list(...newest, COMMIT_REFS), list('refs/tags/')]);
  return new Map(both.flat());
}

/**
 * Drops the refs of all commits but the newest that the server is told of: what only the others lead to goes with the
 * next packing, after git's own time for that. Not for a mirror that is in use.
 */
export async function forgetOldCommits(mirror: string, most = TOLD_COMMITS): Promise<void> {
  const refs = await git(mirror, ['for-each-ref', '--sort=-creatordate', '--format=%(refname)', COMMIT_REFS]);
  const old = refs.split('\n').filter(Boolean).slice(most);
  if (old.length > 0)
    await git(mirror, ['update-ref', '--stdin'], old.map((ref) => `delete ${ref}\n`).join(''));
}

/** Tags become those of the bundle; the ones that go, go first: `v1` may have become `v1/x`. */
async function takeRefs(mirror: string, there: Refs, refs: BundleRefs): Promise<void> {
  const gone = [...there.keys()].filter((ref) => ref.startsWith('refs/tags/') && !refs.has(ref));
  const fresh = [...refs].filter(([ref, id]) => there.get(ref)?.id !== id);
  const update = (lines: readonly string[]): Promise<string> =>
    git(mirror, ['update-ref', '--stdin'], `${lines.join('\n')}\n`);
  if (gone.length > 0) await update(gone.map((ref) => `delete ${ref}`));
  if (fresh.length > 0) await update(fresh.map(([ref, id]) => `update ${ref} ${id}`));
}

async function git(gitDir: string, args: readonly string[], stdin = ''): Promise<string> {
  const result = await runGit(args, { gitDir, stdin, timeoutMs: QUICK_MS });
  if (result.exitCode === 0) return result.stdout.toString('utf8');
  throw new Problem('git_failed', { command: args[0] ?? '', cause: result.stderr.trim() || result.ended });
}

/** git's words for a repository on this disk that a crash has left broken. */
export function isDamaged(text: string): boolean {
  return /is corrupt|is empty$|bad object|not a git repository|invalid sha1 pointer|inflate: data|unable to read tree|missing (blob|tree|commit)|unresolved deltas|did not send all necessary objects|nonexistent object/im.test(
    text,
  );
}
