import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../src/core/problem.ts';
import { remoteSettings, unreachable, type Remote } from '../../src/git/remote.ts';
import { runGit, type GitResult } from '../../src/git/run-git.ts';

export interface FetchCommit {
  /** The bare repository it goes into. */
  readonly mirror: string;
  readonly remote: Remote;
  readonly commit: string;
  readonly ref: string;
  readonly signal: AbortSignal;
}

const FETCH_MS = 30 * 60_000;
const LOCAL_MS = 60_000;
const PAUSES_MS = [300, 1_500];

/**
 * Brings a commit and the repository's tags into a mirror: by the commit's name, else by the ref, which is where
 * hosts that serve no commit by name have it. A host that does not answer is asked three times in all.
 * @throws Problem `commit_missing`, `repository_unreachable`.
 */
export async function fetchCommit(work: FetchCommit): Promise<void> {
  const { commit, ref, remote } = work;
  const byName = await fetchPatiently(work, `+${commit}:refs/slipway/commits/${commit}`);
  if (byName.exitCode === 0) return;
  if (!isAbsent(byName)) throw unreachable(remote, byName);
  const byRef = await fetchPatiently(work, `+${ref}:refs/slipway/${ref}`);
  if (byRef.exitCode !== 0 && !isAbsent(byRef)) throw unreachable(remote, byRef);
  if (!(await hasCommit(work.mirror, commit)))
    throw new Problem('commit_missing', { commit, url: remote.url });
}

/** Whether the repository has the commit. */
export async function hasCommit(repository: string, commit: string): Promise<boolean> {
  const result = await runGit(['cat-file', '-e', `${commit}^{commit}`], {
    gitDir: repository,
    timeoutMs: LOCAL_MS,
  });
  return result.exitCode === 0;
}

async function fetchPatiently(work: FetchCommit, refspec: string): Promise<GitResult> {
  for (const pauseMs of PAUSES_MS) {
    const result = await fetchOnce(work, refspec);
    if (result.exitCode === 0 || isAbsent(result) || isDenied(result) || isDamaged(result.stderr))
      return result;
    await sleep(pauseMs, undefined, { signal: work.signal });
  }
  return fetchOnce(work, refspec);
}

async function fetchOnce(work: FetchCommit, refspec: string): Promise<GitResult> {
  const args = ['fetch', '--quiet', '--no-write-fetch-head', '--', work.remote.url];
  const result = await runGit([...args, refspec, '+refs/tags/*:refs/tags/*'], {
    gitDir: work.mirror,
    settings: { ...remoteSettings(work.remote), 'fetch.unpackLimit': '1' },
    timeoutMs: FETCH_MS,
    signal: work.signal,
  });
  work.signal.throwIfAborted();
  return result;
}

/** git's words, in the C locale, for what the remote does not have or does not serve by name. */
function isAbsent(result: GitResult): boolean {
  return /couldn't find remote ref|not our ref|unadvertised object|does not allow request for/i.test(
    result.stderr,
  );
}

function isDenied(result: GitResult): boolean {
  return /Authentication failed|could not read Username|returned error: 40[0134]|repository .* not found/i.test(
    result.stderr,
  );
}

/** git's words for a repository on this disk that a crash has left broken. */
export function isDamaged(text: string): boolean {
  return /is corrupt|is empty$|bad object|not a git repository|invalid sha1 pointer|inflate: data|unable to read tree|missing (blob|tree|commit)|did not send all necessary objects/im.test(
    text,
  );
}
