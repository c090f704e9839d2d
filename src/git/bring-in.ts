import { Problem } from '../core/problem.ts';
import type { Changes, CommitContent, IncludedContent } from '../ports/repositories.ts';
import { compare, nameOf } from './compare.ts';
import { fetchInto, isAbsent, TAGS } from './fetch.ts';
import { lookUp, type Look, type Question } from './look-up.ts';
import { includedRef, isDamaged, removeRepository, trackingRef, type Mirror } from './mirror.ts';
import { unreachable } from './remote.ts';

/** What a mirror says, to either of the two questions of `Mirrors`. */
export type Answer = CommitContent & IncludedContent;

/**
 * Answers from the mirror, fetching what is missing. To be called for one question a mirror at a time.
 * @param isBurst Whether more commits of the same ref are likely to be asked for next: then the ref is fetched as a
 * whole. Else the commit by its name, which needs no list of the remote's refs: a round trip less.
 */
export async function bringIn(mirror: Mirror, question: Question, isBurst: boolean): Promise<Answer> {
  try {
    return await answer(mirror, question, isBurst);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'git_failed')) throw error;
    if (!isDamaged(String(error.details['cause']))) throw error;
    await removeRepository(mirror);
    return answer(mirror, question, isBurst);
  }
}

/** Answers from what the mirror has; null when something would have to be fetched. */
export async function readThere(mirror: Mirror, question: Question): Promise<Answer | null> {
  const look = await lookUp(mirror, question);
  if (look.commit === null || !look.tagIsThere || !look.baseIsFresh) return null;
  return { ...look.commit, changes: await changesOf(mirror, question, look) };
}

async function answer(mirror: Mirror, question: Question, isBurst: boolean): Promise<Answer> {
  const seen = await lookUp(mirror, question);
  const fetched = await complete(mirror, question, isBurst, seen);
  const triedBranch = fetched !== seen && !seen.baseIsFresh && question.base?.kind === 'branch';
  const isSettled = fetched.baseIsFresh || triedBranch;
  const look = isSettled ? fetched : await fetchBase(mirror, question, fetched);
  const { commit } = look;
  if (commit === null) throw missing(question);
  return { ...commit, changes: await changesOf(mirror, question, look) };
}

/** A tag that cannot be had, because it was moved or the host is away, is done without: its commit is there. */
async function complete(mirror: Mirror, question: Question, isBurst: boolean, seen: Look): Promise<Look> {
  if (seen.commit !== null && seen.tagIsThere) return seen;
  try {
    return await fetchCommit(mirror, question, isBurst, seen);
  } catch (error) {
    const isPlanned = error instanceof Problem && error.code !== 'git_failed';
    if (seen.commit === null || !isPlanned) throw error;
    return seen;
  }
}

/**
 * By its name or by its ref, whichever has it; with the branch it is to be compared with, where that is there, and the
 * tags, which a checkout brings for `git describe`.
 */
async function fetchCommit(mirror: Mirror, question: Question, isBurst: boolean, seen: Look): Promise<Look> {
  const { commit, ref, remote } = question.place;
  const byName = `+${commit}:${question.isIncluded ? includedRef(commit) : trackingRef(ref)}`;
  const byRef = `+${ref}:${trackingRef(ref)}`;
  const [first, second] = isBurst ? [byRef, byName] : [byName, byRef];
  const branch = seen.baseIsFresh ? [] : branchSpec(question);
  const tries = [...(branch.length > 0 ? [[first, ...branch]] : []), [first], [second]];
  for (const refspecs of tries) {
    mirror.signal?.throwIfAborted();
    const result = await fetchInto(mirror, remote, [...refspecs, TAGS]);
    // A git that was ended with the server says nothing of the Git host.
    mirror.signal?.throwIfAborted();
    if (result.exitCode !== 0 && !isAbsent(result)) throw unreachable(remote, result);
    const look = result.exitCode === 0 ? await lookUp(mirror, question) : null;
    if (look !== null && look.commit !== null) return look;
  }
  throw missing(question);
}

/** What to compare with is worth one attempt: without it the answer is "not known", and the build goes on. */
async function fetchBase(mirror: Mirror, question: Question, look: Look): Promise<Look> {
  const { base, place } = question;
  const refspecs = base?.kind === 'commit' ? [base.commit] : branchSpec(question);
  if (refspecs.length === 0) return look;
  mirror.signal?.throwIfAborted();
  const result = await fetchInto(mirror, place.remote, refspecs);
  mirror.signal?.throwIfAborted();
  return result.exitCode === 0 ? lookUp(mirror, question) : look;
}

function branchSpec({ base, place }: Question): readonly string[] {
  if (base?.kind !== 'branch') return [];
  const ref = `refs/heads/${base.branch}`;
  return ref === place.ref ? [] : [`+${ref}:${trackingRef(ref)}`];
}

async function changesOf(mirror: Mirror, { base, place }: Question, look: Look): Promise<Changes | null> {
  if (base === null) return null;
  if (look.base === null) return { kind: 'unknown', cause: `${nameOf(base)} is gone` };
  return compare(mirror, base, look.base, place.commit);
}

function missing({ place: { commit, remote } }: Question): Problem {
  return new Problem('commit_missing', { commit, url: remote.url });
}
