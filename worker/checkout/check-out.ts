import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';
import { runGit } from '../../src/git/run-git.ts';
import type { LogSink } from '../log-sink.ts';
import { abortOutcome, outcomeOfProblem, type Outcome } from '../outcome.ts';
import { isDamaged, type Source } from './bring-commit.ts';
import { linkRepository } from './link-repository.ts';
import type { Mirrors } from './mirrors.ts';

export interface CheckOut {
  readonly mirrors: Mirrors;
  readonly projectId: string;
  /** `http`, `https` or `ssh` address without credentials in it. */
  readonly url: string;
  /** Full ref, e.g. `refs/heads/main`. */
  readonly ref: string;
  readonly commit: string;
  /** Where the commit comes from. */
  readonly source: Source;
  /** Where the files go: an empty or missing directory. */
  readonly directory: string;
  readonly log: LogSink;
  readonly signal: AbortSignal;
}

const LOCAL_MS = 10 * 60_000;

/**
 * Puts the files of a commit into `directory`, with a whole `.git` of its own: history and tags, no need of the
 * mirror. Its object files are links to the mirror's, so the directory is to be copied into a volume,
 * never mounted into a container. A branch is checked out by its name, anything else detached.
 *
 * Planned ends are outcomes: `failure` for a commit that is gone, `error` for a repository that cannot be read,
 * `abortOutcome` when the signal aborts. The reason is the caller's to log; the log is not ended.
 */
export async function checkOut(work: CheckOut): Promise<Outcome> {
  const startedMs = performance.now();
  try {
    const fetched = await exportCommit(work).catch((error: unknown) => exportAgain(work, error));
    await sayNotYet(work);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(2);
    await work.log.say(`Checked out in ${seconds} s (${fetched ? 'fetched' : "from this worker's mirror"}).`);
    return { status: 'success', reason: null, exitCode: null };
  } catch (error) {
    return outcomeOf(error, work);
  }
}

async function exportCommit(work: CheckOut): Promise<boolean> {
  const { url, ref, commit, directory, signal } = work;
  if (!/^(https?|ssh):\/\/[^\s-]/.test(url))
    throw new Problem('request_wrong', {
      field: 'url',
      cause: `${url} is not an http, https or ssh address`,
    });
  await work.log.say(`Checking out ${commit} of ${url} (${ref})`);
  const lease = await work.mirrors.lease(work);
  try {
    await linkRepository({ mirror: lease.directory, directory, url, tags: lease.tags }).catch(unlessRemoved);
    const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
    const how = branch === undefined ? ['--detach'] : ['--no-track', '-B', branch];
    await git(['-C', directory, 'checkout', '--quiet', ...how, commit, '--'], signal);
    return lease.fetched;
  } finally {
    lease.release();
  }
}

/** Another build that found the mirror damaged may remove it meanwhile, held or not. */
function unlessRemoved(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  throw new Problem('git_failed', { command: 'link', cause: 'the mirror is not a git repository any more' });
}

/** A mirror that a crash has damaged is made anew, once. */
async function exportAgain(work: CheckOut, error: unknown): Promise<boolean> {
  const damaged = error instanceof Problem && error.code === 'git_failed' && isDamaged(error.message);
  if (!damaged) throw error;
  await work.log.say(
    `The mirror on this worker is damaged (${String(error.details['cause'])}); fetching it anew`,
  );
  await work.mirrors.discard(work.projectId);
  await rm(work.directory, { recursive: true, force: true });
  return exportCommit(work);
}

async function git(args: readonly string[], signal: AbortSignal): Promise<void> {
  const result = await runGit(args, { timeoutMs: LOCAL_MS, signal, local: true });
  signal.throwIfAborted();
  if (result.exitCode === 0) return;
  const command = args.find((arg) => /^[a-z]+$/.test(arg)) ?? 'git';
  throw new Problem('git_failed', { command, cause: result.stderr.trim() || result.ended });
}

/** What the repository asks for and a checkout does not bring yet. */
async function sayNotYet({ directory, log }: CheckOut): Promise<void> {
  const read = (name: string): Promise<string> =>
    readFile(path.join(directory, name), 'utf8').catch(() => '');
  if (/^\s*\[submodule /m.test(await read('.gitmodules')))
    await log.say('The repository has submodules. They are not checked out yet: their folders are empty.');
  if (/\bfilter=lfs\b/.test(await read('.gitattributes')))
    await log.say(
      'The repository uses Git LFS. Its files are not fetched yet: pointers stand in their place.',
    );
}

async function outcomeOf(error: unknown, { log, signal }: CheckOut): Promise<Outcome> {
  if (signal.aborted) return abortOutcome(signal);
  if (!(error instanceof Problem)) throw error;
  await log.say(error.fix);
  return outcomeOfProblem(error, { status: error.code === 'commit_missing' ? 'failure' : 'error' });
}
