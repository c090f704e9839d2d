import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import { replace } from '../../src/files/durable.ts';
import { COMMIT_REFS, commitRef } from '../../src/git/mirror.ts';
import { runGit } from '../../src/git/run-git.ts';
import type { BundleRefs } from './unbundle.ts';

/** A ref of a mirror. `commit`: what an annotated tag leads to; else as `id`. */
export interface Ref {
  readonly id: string;
  readonly commit: string;
}

/** The newest commits that were brought, newest first, then the tags. */
export type Refs = ReadonlyMap<string, Ref>;

const QUICK_MS = 60_000;
/** Commits that the server is told of; the newest, which a new one most likely follows. */
const TOLD_COMMITS = 256;
const TAGS = 'refs/tags/';

export async function readRefs(mirror: string): Promise<Refs> {
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
  const both = await Promise.all([list(...newest, COMMIT_REFS), list(TAGS)]);
  return new Map(both.flat());
}

/** Tags, full ref → id. */
export function tagsOf(refs: Refs): ReadonlyMap<string, string> {
  return new Map([...refs].flatMap(([ref, { id }]) => (ref.startsWith(TAGS) ? [[ref, id]] : [])));
}

/**
 * Gives a mirror of the refs `there` those of a bundle, and returns what there is then. Tags become those of the
 * bundle; the ones that go, go first: `v1` may have become `v1/x`.
 */
export async function takeRefs(mirror: string, there: Refs, bundle: BundleRefs): Promise<Refs> {
  const gone = [...there.keys()].filter((ref) => ref.startsWith(TAGS) && !bundle.has(ref));
  const fresh = [...bundle].filter(([ref, id]) => there.get(ref)?.id !== id);
  if (gone.length > 0)
    await update(
      mirror,
      gone.map((ref) => `delete ${ref}`),
    );
  const byGit = fresh.filter(([ref, id]) => ref !== commitRef(id));
  if (byGit.length > 0)
    await update(
      mirror,
      byGit.map(([ref, id]) => `update ${ref} ${id}`),
    );
  await Promise.all(fresh.filter(([ref, id]) => ref === commitRef(id)).map(([, id]) => keep(mirror, id)));
  // Where an annotated tag leads is not in the bundle's head.
  const isTag = ([ref]: readonly [string, string]): boolean => ref.startsWith(TAGS);
  if (gone.length > 0 || fresh.some(isTag)) return readRefs(mirror);
  const known = [...there].slice(0, TOLD_COMMITS - fresh.length);
  const tags = [...there].slice(known.length).filter(([ref]) => ref.startsWith(TAGS));
  return new Map([...fresh.map(([ref, id]) => [ref, { id, commit: id }] as const), ...known, ...tags]);
}

/**
 * Drops the refs of all commits but the newest that the server is told of: what only the others lead to goes with the
 * next packing, after git's own time for that. Not for a mirror that is in use.
 */
export async function forgetOldCommits(mirror: string, most = TOLD_COMMITS): Promise<void> {
  const refs = await git(mirror, ['for-each-ref', '--sort=-creatordate', '--format=%(refname)', COMMIT_REFS]);
  const old = refs.split('\n').filter(Boolean).slice(most);
  if (old.length > 0)
    await update(
      mirror,
      old.map((ref) => `delete ${ref}`),
    );
}

/**
 * What `update-ref` writes for a commit (`gitrepository-layout`), beside it and renamed as git does: a process less
 * before each checkout. Nobody else writes to the mirror, and no other ref can stand in the way of this name.
 */
async function keep(mirror: string, commit: string): Promise<void> {
  const file = path.join(mirror, commitRef(commit));
  await mkdir(path.dirname(file), { recursive: true });
  await replace(file, (lock) => writeFile(lock, `${commit}\n`), `${file}.lock`);
}

async function update(mirror: string, lines: readonly string[]): Promise<void> {
  await git(mirror, ['update-ref', '--stdin'], `${lines.join('\n')}\n`);
}

async function git(gitDir: string, args: readonly string[], stdin = ''): Promise<string> {
  const result = await runGit(args, {
    gitDir,
    settings: { 'core.fsync': 'none' }, // as `unbundle`
    stdin,
    timeoutMs: QUICK_MS,
  });
  if (result.exitCode === 0) return result.stdout.toString('utf8');
  throw new Problem('git_failed', { command: args[0] ?? '', cause: result.stderr.trim() || result.ended });
}

/** Whether a mirror of those refs has a commit as a build of `ref` wants it: a tag's is to be there as well. */
export function hasCommit(refs: Refs, commit: string, ref: string): boolean {
  const isTagThere = !ref.startsWith(TAGS) || refs.get(ref)?.commit === commit;
  return refs.has(commitRef(commit)) && isTagThere;
}
