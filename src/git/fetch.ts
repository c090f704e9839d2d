import { setTimeout as sleep } from 'node:timers/promises';
import type { Remote } from '../ports/repositories.ts';
import { removeHalfPacks, removeLeftovers } from './leftovers.ts';
import { isDamaged, makeRepository, removeRepository, type Mirror } from './mirror.ts';
import { remoteSettings } from './remote.ts';
import { runGit, type GitResult } from './run-git.ts';

/** All tags as the host has them: those that it has no more go. */
export const TAGS = '+refs/tags/*:refs/tags/*';

/** git holds a ref's lock for some milliseconds; one that is older than this was left by a killed git. */
const LOCK_MS = 1_000;

/**
 * Fetches into a mirror that nothing else works in. Locks and half packs that a killed git left are removed; a damaged mirror is
 * made anew, and what was in it has to be fetched again.
 */
export async function fetchInto(
  mirror: Mirror,
  remote: Remote,
  refspecs: readonly string[],
): Promise<GitResult> {
  await makeRepository(mirror.gitDir);
  await removeHalfPacks(mirror.gitDir);
  const first = await fetchOnce(mirror, remote, refspecs);
  if (isLocked(first)) {
    await sleep(LOCK_MS);
    await removeLeftovers(mirror.gitDir, LOCK_MS);
  } else if (first.exitCode !== 0 && isDamaged(first.stderr)) {
    await removeRepository(mirror);
    await makeRepository(mirror.gitDir);
  } else return first;
  mirror.signal?.throwIfAborted();
  return fetchOnce(mirror, remote, refspecs);
}

/**
 * A host that counts objects sends five bytes every five seconds, to say that it is alive (`uploadpack.keepAlive`,
 * git-config): less than the least speed that git can ask of curl. So the watch is ours.
 * Whether a branch was forced is not looked for: on a history of 40,000 commits that took git 0.8 s of 0.83.
 * What comes stays the pack it came in. git would unpack small ones, object by object and the commit first: one that broke
 * off would leave a commit that looks as if it were there. Many packs make every command slower (measured: a fifth, after
 * 100 pushes), so mirrors are tidied.
 */
function fetchOnce(mirror: Mirror, remote: Remote, refspecs: readonly string[]): Promise<GitResult> {
  const { gitDir, fetchTimeoutMs, fetchIdleMs, signal } = mirror;
  const prune = refspecs.includes(TAGS) ? ['--prune'] : [];
  const how = ['--progress', '--no-tags', ...prune, '--no-write-fetch-head'];
  return runGit(['fetch', ...how, '--', remote.url, ...refspecs], {
    gitDir,
    settings: {
      ...remoteSettings(remote),
      'fetch.showForcedUpdates': 'false',
      'fetch.unpackLimit': '1',
      'http.lowSpeedLimit': '0',
    },
    timeoutMs: fetchTimeoutMs,
    idleMs: fetchIdleMs,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** git's words, in the C locale, for a ref or a commit that the remote does not have or does not give by its name. */
export function isAbsent({ stderr }: GitResult): boolean {
  return /couldn't find remote ref|not our ref|unadvertised object|does not allow request for/i.test(stderr);
}

function isLocked({ exitCode, stderr }: GitResult): boolean {
  return exitCode !== 0 && /\.lock': File exists/i.test(stderr);
}
